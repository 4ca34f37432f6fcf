import { Callback, Trainer } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Counts training batches, those before an interruption included: its state is part of every checkpoint. */
export class StatefulCounter extends Callback {
  counter = 0;

  constructor(readonly name = 'my_stateful_callback') {
    super();
  }

  override onTrainBatchEnd(): void {
    this.counter += 1;
  }

  override stateDict(): { counter: number } {
    return { counter: this.counter };
  }

  override loadStateDict({ counter }: { counter: number }): void {
    this.counter = counter;
  }

  /** What the state is filed under: each of several has its own. */
  override get stateKey(): string {
    return this.name;
  }
}

export default ({ epochs = 3 } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({ maxEpochs: epochs, seed: 1, callbacks: [new StatefulCounter()] }),
});
