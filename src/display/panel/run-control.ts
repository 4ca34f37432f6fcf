import type { EventOf } from '../../run/events.js';
import type { Run } from '../../run/run.js';
import { LiveCurve } from '../progress/live-curve.js';

/** Five times a second: each change is a message to every front end. */
const INTERVAL_MS = 200;

/** A run as somebody steers it who does not wait for promises: what goes wrong is a message, what changes is told. */
export class RunControl {
  readonly run: Run;
  /** The loss as it was seen, over the steps. */
  readonly curve = new LiveCurve();
  /** What went wrong last; gone with the next thing that works. */
  message = '';
  readonly #listeners = new Set<() => void>();
  #last = -Infinity;
  #late: NodeJS.Timeout | undefined;

  constructor(run: Run) {
    this.run = run;
    run.on({ hook: 'onTrainBatchEnd' }, (event) => this.#follow(event));
    run.on({ hook: 'onValidationBatchEnd' }, () => this.#changed());
    run.onRest(() => this.#changed());
  }

  get isRunning(): boolean {
    return this.run.status === 'running';
  }

  get isOver(): boolean {
    return !this.isRunning && this.run.status !== 'paused';
  }

  async play(): Promise<void> {
    await this.#attempt(async () => {
      const atRest = this.#untilRest();
      this.run.play();
      this.#changed();
      await atRest;
      // It throws what ended it, if anything did.
      await this.run.pause();
    });
  }

  async pause(): Promise<void> {
    await this.#attempt(() => this.run.pause());
  }

  async nextHook(): Promise<void> {
    await this.#attempt(() => this.run.next());
  }

  async nextBatches(count: number): Promise<void> {
    await this.#attempt(() => this.run.step(count));
  }

  /** So many optimizer steps back. */
  async rewind(count: number): Promise<void> {
    await this.#attempt(async () => {
      await this.run.rewind(count);
      this.curve.cutAt(this.run.position.globalStep);
    });
  }

  /** The learning rates of the optimizers. */
  get rates(): { name: string; lr: number }[] {
    return this.run.trainer.optimizers.map((optimizer) => ({ name: optimizer.constructor.name, lr: optimizer.lr }));
  }

  /** Sets the learning rate of an optimizer's first group. The others keep their proportion to it. */
  setRate(index: number, lr: number): void {
    const optimizer = this.run.trainer.optimizers[index];
    if (!optimizer) return;
    const factor = lr / optimizer.lr;
    if (Number.isFinite(factor)) for (const group of optimizer.paramGroups) group.lr *= factor;
    else optimizer.lr = lr;
    this.#changed();
  }

  /** Calls the listener when there is something new to show, five times a second at most. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
      this.message = '';
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
    this.#changed();
  }

  async #untilRest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = this.run.onRest(() => {
        end();
        resolve();
      });
    });
  }

  #follow({ loss, position: { globalStep } }: EventOf<'onTrainBatchEnd'>): void {
    if (performance.now() - this.#last < INTERVAL_MS) return;
    this.curve.cutAt(globalStep);
    // Reading it waits for the engine.
    this.curve.add(globalStep, loss.dataSync()[0] ?? NaN);
    this.#changed();
  }

  /** At once, or as soon as it is time again: what is seen last is how things are. */
  #changed(): void {
    clearTimeout(this.#late);
    const wait = this.#last + INTERVAL_MS - performance.now();
    if (wait > 0) {
      this.#late = setTimeout(() => this.#changed(), wait).unref();
      return;
    }
    this.#last = performance.now();
    for (const listener of this.#listeners) listener();
  }
}
