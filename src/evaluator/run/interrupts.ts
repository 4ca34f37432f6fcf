import { AsyncLocalStorage } from 'node:async_hooks';

/** Thrown in the code of an interrupted cell: at the next turn of a loop, call of a function or `await`. */
export class InterruptError extends Error {
  override name = 'InterruptError';
  constructor() {
    super('The cell was interrupted.');
  }
}

/** One evaluation of a cell, and all that it started. */
export class Execution {
  /** Whether the cell has not ended yet. What it left behind may go on all the same. */
  running = true;
  #interrupts = 0;
  /** A `finally` block that an interrupt has led to may run to its end; the next interrupt stops that too. */
  #forgiven = 0;
  #cleanups = 0;
  #announce: () => void = () => undefined;
  /** Fulfilled by the first interrupt. */
  readonly interruption = new Promise<void>((resolve) => (this.#announce = resolve));
  readonly #waiting = new Set<(error: unknown) => void>();
  readonly #timers = new Set<NodeJS.Timeout | NodeJS.Immediate>();

  get wasInterrupted(): boolean {
    return this.#interrupts > 0;
  }

  get isStopped(): boolean {
    return this.#interrupts > this.#forgiven;
  }

  interrupt(): void {
    this.#interrupts++;
    this.#announce();
    for (const reject of this.#waiting) reject(new InterruptError());
    this.#waiting.clear();
    for (const timer of this.#timers) clearTimeout(timer as NodeJS.Timeout);
    this.#timers.clear();
  }

  enterCleanup(): void {
    this.#cleanups++;
    this.#forgiven = this.#interrupts;
  }

  leaveCleanup(): void {
    if (--this.#cleanups === 0) this.#forgiven = 0;
  }

  /** The value, or a rejection when an interrupt comes first. */
  wait(value: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const settled = (): boolean => this.#waiting.delete(reject);
      value.then(
        (result) => (settled(), resolve(result)),
        (error: unknown) => (settled(), reject(error)),
      );
    });
  }

  /** A timer that ends with the cell's interruption. */
  own<T extends NodeJS.Timeout | NodeJS.Immediate>(timer: T): T {
    this.#timers.add(timer);
    return timer;
  }

  disown(timer: NodeJS.Timeout | NodeJS.Immediate): void {
    this.#timers.delete(timer);
  }
}

const CALM = 0;
/** Interrupted code may still be alive: guards look whose code it is that they stand in. */
const ALERT = -1;
/** As `REQUESTED`, and what a finished cell left behind and keeps the thread busy is stopped as well. */
const INSISTENT = 2;

/** While cells run and the thread is idle, a request of another thread is looked for so often (ms). */
const POLL = 15;

/** Who is interrupted when. One slot of shared memory, read by every guard, carries requests from any thread. */
export class Interrupts {
  readonly flag = new Int32Array(new SharedArrayBuffer(4));
  readonly #current = new AsyncLocalStorage<Execution>();
  readonly #running = new Set<Execution>();
  /** Interrupted executions of which something may still be alive. */
  #alive = 0;
  readonly #gone = new FinalizationRegistry<void>(() => {
    if (--this.#alive === 0) Atomics.compareExchange(this.flag, 0, ALERT, CALM);
  });
  #poll: NodeJS.Timeout | undefined;

  get execution(): Execution | undefined {
    return this.#current.getStore();
  }

  begin(): Execution {
    if (this.#running.size === 0) this.#answered();
    const execution = new Execution();
    this.#running.add(execution);
    this.#poll ??= setInterval(() => Atomics.load(this.flag, 0) > CALM && this.take(), POLL);
    return execution;
  }

  end(execution: Execution): void {
    execution.running = false;
    this.#running.delete(execution);
    if (this.#running.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  run<T>(execution: Execution, code: () => T): T {
    return this.#current.run(execution, code);
  }

  /** Throws in the code of an interrupted cell. */
  guard(): void {
    if (Atomics.load(this.flag, 0) !== CALM) this.#check();
  }

  /** Interrupts the cells that run now. */
  take(): void {
    const busy = Atomics.load(this.flag, 0) === INSISTENT ? this.execution : undefined;
    for (const execution of busy ? [...this.#running, busy] : this.#running) this.#interrupt(execution);
    this.#answered();
  }

  #check(): void {
    if (Atomics.load(this.flag, 0) > CALM) this.take();
    if (this.execution?.isStopped) throw new InterruptError();
  }

  #interrupt(execution: Execution): void {
    if (!execution.wasInterrupted) {
      this.#alive++;
      this.#gone.register(execution);
    }
    execution.interrupt();
  }

  #answered(): void {
    Atomics.store(this.flag, 0, this.#alive > 0 ? ALERT : CALM);
  }
}
