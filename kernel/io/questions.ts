import type { Envelope } from '../protocol/wire.js';
import type { Incoming } from './incoming.js';
import type { Outbox } from './outbox.js';

/** Questions of cells to the user: each goes to the client that has sent the cell, on the stdin channel. */
export class Questions {
  readonly #outbox: Outbox;
  readonly #answered: (requestId: number, value: string) => void;
  /** Request ids of open questions by the client that was asked. */
  readonly #open = new Map<string, number[]>();

  constructor(outbox: Outbox, answered: (requestId: number, value: string) => void) {
    this.#outbox = outbox;
    this.#answered = answered;
  }

  ask({ id, identities, message }: Incoming, prompt: string, password: boolean): void {
    const client = nameOf(identities);
    this.#open.set(client, [...(this.#open.get(client) ?? []), id]);
    this.#outbox.send(identities, { type: 'input_request', parent: message.header, content: { prompt, password } });
  }

  /** What the user has typed; a value that nobody waits for is passed over. */
  receive({ identities, message }: Envelope): void {
    const { value } = message.content;
    const id = this.#open.get(nameOf(identities))?.shift();
    if (message.header.msg_type !== 'input_reply' || typeof value !== 'string' || id === undefined) return;
    this.#answered(id, value);
  }

  /** The request is done; its questions have no answer any more. */
  forget(requestId: number): void {
    for (const [client, ids] of this.#open) {
      const left = ids.filter((id) => id !== requestId);
      if (left.length > 0) this.#open.set(client, left);
      else this.#open.delete(client);
    }
  }
}

function nameOf(identities: readonly Uint8Array[]): string {
  return identities.map((identity) => Buffer.from(identity).toString('hex')).join();
}
