/** Text that may wait to be sent before a cell that prints is made to wait, in characters. */
const LIMIT = 32 * 2 ** 20;

/** Counts the text that the main thread has printed and the I/O thread has not sent: a cell cannot fill the memory. */
export class Backlog {
  readonly #waiting: Int32Array;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.#waiting = new Int32Array(memory);
  }

  /** Before text is handed over: waits, but not for ever, while there is too much. Blocks the thread. */
  add(characters: number): void {
    const before = Atomics.add(this.#waiting, 0, characters);
    if (before > LIMIT) Atomics.wait(this.#waiting, 0, before + characters, 1000);
  }

  /** When text has been sent. */
  remove(characters: number): void {
    Atomics.sub(this.#waiting, 0, characters);
    Atomics.notify(this.#waiting, 0);
  }
}
