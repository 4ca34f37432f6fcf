import { BaseFinetuning, Callback, Trainer } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Trains the head alone at first, and the backbone with it from some epoch on. (See BackboneFinetuning for its own learning rate.) */
export class FreezeUnfreeze extends Callback {
  constructor(readonly freezeUntilEpoch = 10) {
    super();
  }

  override onTrainEpochStart(trainer: Trainer, module: Spirals): void {
    if (trainer.currentEpoch < this.freezeUntilEpoch) BaseFinetuning.freeze(module.backbone);
    else BaseFinetuning.makeTrainable(module.backbone);
  }
}

export default ({ epochs = 4, freezeUntilEpoch = 2 } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({ maxEpochs: epochs, seed: 1, callbacks: [new FreezeUnfreeze(freezeUntilEpoch)] }),
});
