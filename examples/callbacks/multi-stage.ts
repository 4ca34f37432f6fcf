import { Callback, Trainer } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Divides the learning rates by ten at the beginning of each of these epochs. */
export class MultiStageTraining extends Callback {
  constructor(readonly stageEpochs: readonly number[] = [10, 20, 30]) {
    super();
  }

  override onTrainEpochStart(trainer: Trainer): void {
    const stage = this.stageEpochs.indexOf(trainer.currentEpoch) + 1;
    if (stage === 0) return;
    trainer.print(`Entering stage ${stage}`);
    for (const { paramGroups } of trainer.optimizers) for (const group of paramGroups) group.lr *= 0.1;
  }
}

export default ({ epochs = 6 } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({ maxEpochs: epochs, seed: 1, callbacks: [new MultiStageTraining([2, 4])] }),
});
