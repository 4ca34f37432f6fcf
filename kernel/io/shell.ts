import type { ExecuteRequest } from '../protocol/requests.js';
import type { Incoming } from './incoming.js';

export interface QueuedCell {
  incoming: Incoming;
  request: ExecuteRequest;
}

/** The cells of one shell, run one after the other. An error aborts those that were waiting, if the cell asks for that. */
export class ShellQueue {
  readonly #start: (cell: QueuedCell) => void;
  readonly #abort: (cell: QueuedCell) => void;
  readonly #waiting: QueuedCell[] = [];
  #running: QueuedCell | undefined;
  #settling = false;

  constructor({ start, abort }: { start: (cell: QueuedCell) => void; abort: (cell: QueuedCell) => void }) {
    this.#start = start;
    this.#abort = abort;
  }

  get running(): QueuedCell | undefined {
    return this.#running;
  }

  add(cell: QueuedCell): void {
    this.#waiting.push(cell);
    this.#next();
  }

  /** The running cell has ended. */
  finish(failed: boolean): void {
    const cell = this.#running;
    this.#running = undefined;
    if (failed && cell?.request.stopOnError) void this.#abortWaiting();
    else this.#next();
  }

  /** Cells that had been sent before the error may still be on their way through the socket. */
  async #abortWaiting(): Promise<void> {
    this.#settling = true;
    do {
      for (const cell of this.#waiting.splice(0)) this.#abort(cell);
      await new Promise(setImmediate);
    } while (this.#waiting.length > 0);
    this.#settling = false;
    this.#next();
  }

  #next(): void {
    if (this.#running || this.#settling) return;
    const cell = this.#waiting.shift();
    if (!cell) return;
    this.#running = cell;
    this.#start(cell);
  }
}
