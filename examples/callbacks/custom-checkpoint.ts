import { join } from 'node:path';
import { Callback, Trainer } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Saves a checkpoint every five epochs. (ModelCheckpoint with `everyNEpochs: 5, saveTopK: -1` does so, too.) */
export class CustomCheckpoint extends Callback {
  constructor(
    readonly saveDir: string,
    readonly every = 5,
  ) {
    super();
  }

  override async onTrainEpochEnd(trainer: Trainer): Promise<void> {
    if (trainer.currentEpoch % this.every !== 0) return;
    const path = join(this.saveDir, `custom-${trainer.currentEpoch}.ckpt`);
    await trainer.saveCheckpoint(path);
    trainer.print(`Saved checkpoint: ${path}`);
  }
}

export default ({ epochs = 11, saveDir = 'checkpoints' } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({
    maxEpochs: epochs,
    seed: 1,
    enableCheckpointing: false,
    callbacks: [new CustomCheckpoint(saveDir)],
  }),
});
