import type { Fields, Header } from '../protocol/message.js';
import type { Outgoing, Wire } from '../protocol/wire.js';

type Frames = (Uint8Array | string)[];

/** What a message is sent through: one send at a time. */
export interface Sending {
  send(frames: Frames): Promise<void>;
}

/** Sends one after the other and waits for each, so that nothing is lost or out of order. */
export class Outbox {
  readonly #socket: Sending;
  readonly #wire: Wire;
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Sending, wire: Wire) {
    this.#socket = socket;
    this.#wire = wire;
  }

  send(identities: readonly (Uint8Array | string)[], message: Outgoing): void {
    const frames = this.#wire.encode(identities, message);
    // A client that has gone away, or a socket closed at shutdown: there is nobody to tell.
    this.#last = this.#last.then(() => this.#socket.send(frames)).catch(() => undefined);
  }

  /** When everything that was given so far has been handed to the socket. */
  async sent(): Promise<void> {
    await this.#last;
  }
}

interface Text {
  parent: Header | Fields;
  name: unknown;
  parts: string[];
  length: number;
}

/** How long text is gathered: at first, and while more and more comes. */
const MERGE_MS = 30;
const MOST_MERGE_MS = 240;
const MERGE_CHARACTERS = 2 ** 20;

/** The iopub channel. Text that is printed in quick succession goes out as one message. */
export class Publisher {
  readonly #outbox: Outbox;
  readonly #sent: (characters: number) => void;
  #text: Text | undefined;
  #timer: NodeJS.Timeout | undefined;
  #patience = MERGE_MS;
  #flushed = 0;

  /** @param sent told how much text has gone out */
  constructor(outbox: Outbox, sent: (characters: number) => void = () => undefined) {
    this.#outbox = outbox;
    this.#sent = sent;
  }

  publish(message: Outgoing): void {
    if (message.type === 'stream') return this.#merge(message);
    this.flush();
    this.#outbox.send([message.type], message);
  }

  /** Tells who has subscribed to a topic that the channel is open (JEP 65). */
  welcome(topic: string): void {
    this.#outbox.send([topic], { type: 'iopub_welcome', parent: {}, content: { subscription: topic } });
  }

  /** Sends what is waiting to be merged. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    if (!text) return;
    this.#text = undefined;
    const content = { name: text.name, text: text.parts.join('') };
    this.#outbox.send([`stream.${String(text.name)}`], { type: 'stream', parent: text.parent, content });
    this.#sent(text.length);
  }

  async sent(): Promise<void> {
    this.flush();
    await this.#outbox.sent();
  }

  #flushInTime(): void {
    this.flush();
    this.#flushed = performance.now();
    this.#patience = Math.min(2 * this.#patience, MOST_MERGE_MS);
  }

  /** Who prints without a break is shown less often: a front end has its work with every message. */
  #waiting(): number {
    if (performance.now() - this.#flushed > MERGE_MS) this.#patience = MERGE_MS;
    return this.#patience;
  }

  #merge({ parent, content }: Outgoing): void {
    const piece = String(content['text']);
    const waiting = this.#text;
    const fits = waiting && waiting.parent['msg_id'] === parent['msg_id'] && waiting.name === content['name'];
    if (!fits) this.flush();
    const text = (this.#text ??= { parent, name: content['name'], parts: [], length: 0 });
    text.parts.push(piece);
    text.length += piece.length;
    if (text.length >= MERGE_CHARACTERS) this.flush();
    else this.#timer ??= setTimeout(() => this.#flushInTime(), this.#waiting());
  }
}
