import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type * as tf from '@tensorflow/tfjs';
import { Callback, Trainer, type Module } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Writes all predictions to a JSON file. (Extend PredictionWriter to have the samples' numbers with them.) */
export class PredictionSaver extends Callback {
  readonly predictions: unknown[] = [];

  constructor(readonly savePath: string) {
    super();
  }

  /** `outputs` is what `predictStep` gave; it belongs to whoever called `trainer.predict`. */
  override async onPredictBatchEnd(_trainer: Trainer, _module: Module, outputs: tf.Tensor): Promise<void> {
    this.predictions.push(await outputs.array());
  }

  override async onPredictEnd(trainer: Trainer): Promise<void> {
    await writeFile(this.savePath, JSON.stringify(this.predictions));
    trainer.print(`Predictions saved to ${this.savePath}`);
  }
}

const experiment = ({ epochs = 3, savePath = 'predictions.json' } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({ maxEpochs: epochs, seed: 1, callbacks: [new PredictionSaver(savePath)] }),
});
export default experiment;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { trainer, model, data } = experiment();
  await trainer.fit(model, data);
  await trainer.predict(model, data);
}
