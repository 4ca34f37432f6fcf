import { Worker } from 'node:worker_threads';

/** What the thread that reads the keyboard sees of the main one. */
export interface Watched {
  /** Counts on as long as the main thread comes to its timers. */
  beat: Int32Array;
  /** How many evaluations run. */
  running: Int32Array;
  /** The evaluator's, which its loops look at. */
  interruptFlag: Int32Array;
}

const BEAT = 100;

/**
 * Keys that are pressed while code of the prompt keeps the main thread busy, as an endless loop does: another thread reads
 * them. Ctrl-C stops the code; the others are handed on afterwards.
 */
export class StuckKeys {
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;

  constructor({ running, interruptFlag }: Omit<Watched, 'beat'>, hand: (typed: string) => void) {
    const beat = new Int32Array(new SharedArrayBuffer(4));
    const workerData: Watched = { beat, running, interruptFlag };
    this.#worker = new Worker(new URL('./stuck-keys-worker.js', import.meta.url), { workerData });
    this.#worker.on('message', hand);
    this.#worker.unref();
    this.#timer = setInterval(() => Atomics.add(beat, 0, 1), BEAT).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker.terminate();
  }
}
