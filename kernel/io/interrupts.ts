import type { ToMain } from '../bridge.js';

/** How long the main thread may be busy before what keeps it so is stopped, whatever it is. */
const PATIENCE_MS = 1000;

/** For how long a cell that was sent before an interrupt may come in after it: they take different sockets. */
const LATE_MS = 100;

/** Interrupts from this thread: loops of cells stop at a flag that both threads see, what waits by a message. */
export class Interrupts {
  readonly #tell: (message: ToMain) => void;
  #timer: NodeJS.Timeout | undefined;
  #latest = { sent: -Infinity, came: -Infinity };
  /** The evaluator's; undefined until there is one. */
  flag: Int32Array | undefined;

  constructor(tell: (message: ToMain) => void) {
    this.#tell = tell;
  }

  /** @param ids the cells that run; none: what runs in the background is paused */
  interrupt(ids: number[]): void {
    if (ids.length > 0) this.#raise(1);
    this.#tell({ type: 'interrupt', ids });
    this.#timer ??= setTimeout(() => this.#raise(2), PATIENCE_MS);
  }

  /** @param date when the client sent it; unknown: no cell is late */
  note(date: string): void {
    this.#latest = { sent: Date.parse(date), came: performance.now() };
  }

  /** Whether an interrupt that was sent after this cell has come in before it. */
  overtook(date: string): boolean {
    return performance.now() - this.#latest.came < LATE_MS && Date.parse(date) < this.#latest.sent;
  }

  /** The main thread has come to the message: it is not stuck. */
  taken(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #raise(level: 1 | 2): void {
    if (this.flag) Atomics.store(this.flag, 0, level);
  }
}
