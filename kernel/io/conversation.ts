import { replyType, type Fields } from '../protocol/message.js';
import type { Incoming } from './incoming.js';
import type { Outbox, Publisher } from './outbox.js';

/** How a request is answered: busy, what comes of it, its reply, idle. */
export class Conversation {
  readonly #outboxes: Record<Incoming['channel'], Outbox>;
  readonly #publisher: Publisher;
  readonly #running: () => Incoming | undefined;

  /** @param running the cell that keeps the kernel busy */
  constructor(
    outboxes: Record<Incoming['channel'], Outbox>,
    publisher: Publisher,
    running: () => Incoming | undefined,
  ) {
    this.#outboxes = outboxes;
    this.#publisher = publisher;
    this.#running = running;
  }

  begin(incoming: Incoming): void {
    this.#status(incoming, 'busy');
  }

  /** Sends the reply, if the request has one, and ends it. */
  end(incoming: Incoming, content?: Fields): void {
    const type = replyType(incoming.message.header.msg_type);
    if (content && type !== undefined) {
      this.#publisher.flush();
      this.#outboxes[incoming.channel].send(incoming.identities, { type, parent: incoming.message.header, content });
    }
    this.#status(incoming, 'idle');
    // Front ends show the latest status, whatever it belongs to: the cell that goes on is told again.
    const running = this.#running();
    if (running && running !== incoming) this.#status(running, 'busy');
  }

  answer(incoming: Incoming, content: Fields): void {
    this.begin(incoming);
    this.end(incoming, content);
  }

  #status({ message }: Incoming, state: 'busy' | 'idle'): void {
    this.#publisher.publish({ type: 'status', parent: message.header, content: { execution_state: state } });
  }
}
