import { Callback, Trainer, type Module } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Does something at the end of each epoch from some epoch on, and nothing before. */
export class Conditional extends Callback {
  constructor(
    readonly activateAfterEpoch: number,
    readonly doSomething: (trainer: Trainer, module: Module) => unknown,
  ) {
    super();
  }

  override async onTrainEpochEnd(trainer: Trainer, module: Module): Promise<void> {
    if (trainer.currentEpoch >= this.activateAfterEpoch) await this.doSomething(trainer, module);
  }
}

/** Once the first rough epochs are over, gradients are clipped harder. */
export default ({ epochs = 4, activateAfterEpoch = 2 } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({
    maxEpochs: epochs,
    seed: 1,
    gradientClipVal: 1,
    callbacks: [
      new Conditional(activateAfterEpoch, (trainer) => {
        trainer.limits.gradientClipVal = 0.1;
      }),
    ],
  }),
});
