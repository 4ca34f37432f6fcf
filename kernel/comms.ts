import { randomUUID } from 'node:crypto';
import type { Comm, CommHost, CommMessage, CommOpening } from '../src/display/comms.js';
import type { Request } from './bridge.js';
import { currentOrigin, runAs, type Origin } from './cells/origin.js';
import type { Output } from './cells/output.js';
import type { Fields } from './protocol/message.js';
import { commContent } from './protocol/requests.js';

type Opened = (comm: Comm, message: CommMessage) => void;
interface Extras {
  metadata?: Fields;
  buffers?: readonly Uint8Array[];
}

/** Comms: channels by which objects in cells and their views in the front end talk. */
export class Comms implements CommHost {
  readonly #output: Output;
  readonly #comms = new Map<string, KernelComm>();
  readonly #targets = new Map<string, { opened: Opened; origin: Origin | undefined }>();

  constructor(output: Output) {
    this.#output = output;
  }

  open(target: string, { id = randomUUID(), data = {}, ...extras }: CommOpening = {}): Comm {
    const comm = this.#add(id, target);
    this.#publish('comm_open', { comm_id: id, target_name: target, data }, extras);
    return comm;
  }

  registerTarget(target: string, opened: Opened): void {
    this.#targets.set(target, { opened, origin: currentOrigin() });
  }

  /** A comm message of the client. What a callback does and prints belongs to the cell that registered it. */
  receive({ header, content, metadata, buffers }: Request): void {
    const { id, target, data } = commContent(content);
    const message = { data, metadata, buffers };
    if (header.msg_type === 'comm_open') {
      const registered = this.#targets.get(target);
      if (!registered) return this.#output.publishFor(header, 'comm_close', { comm_id: id, data: {} });
      runAs(registered.origin, () => registered.opened(this.#add(id, target), message));
      return;
    }
    const comm = this.#comms.get(id);
    if (header.msg_type === 'comm_msg') return comm?.receive(message);
    this.#comms.delete(id);
    comm?.receiveClose(message);
  }

  #add(id: string, target: string): KernelComm {
    const comm = new KernelComm(id, target, (type, content, extras) => {
      if (type === 'comm_close') this.#comms.delete(id);
      this.#publish(type, content, extras);
    });
    this.#comms.set(id, comm);
    return comm;
  }

  #publish(type: string, content: Fields, extras: Extras): void {
    this.#output.publishFor(this.#output.origin?.header, type, content, extras);
  }
}

class KernelComm implements Comm {
  readonly #publish: (type: string, content: Fields, extras: Extras) => void;
  #listeners: ((message: CommMessage) => void)[] = [];
  #closeListeners: ((message: CommMessage) => void)[] = [];

  constructor(
    readonly id: string,
    readonly target: string,
    publish: (type: string, content: Fields, extras: Extras) => void,
  ) {
    this.#publish = publish;
  }

  send(data: Fields, extras: Extras = {}): void {
    this.#publish('comm_msg', { comm_id: this.id, data }, extras);
  }

  close(data: Fields = {}): void {
    this.#publish('comm_close', { comm_id: this.id, data }, {});
  }

  onMessage(listener: (message: CommMessage) => void): void {
    this.#listeners.push(keepingOrigin(listener));
  }

  onClose(listener: (message: CommMessage) => void): void {
    this.#closeListeners.push(keepingOrigin(listener));
  }

  receive(message: CommMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  receiveClose(message: CommMessage): void {
    for (const listener of this.#closeListeners) listener(message);
  }
}

function keepingOrigin(listener: (message: CommMessage) => void): (message: CommMessage) => void {
  const origin = currentOrigin();
  return (message) => runAs(origin, () => listener(message));
}
