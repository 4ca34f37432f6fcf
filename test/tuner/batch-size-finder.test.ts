import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Adam,
  ArrayDataset,
  BatchSizeFinder,
  DataLoader,
  EMAWeightAveraging,
  LearningRateFinder,
  lrFind,
  ModelCheckpoint,
  type DataModule,
  type OptimizerConfig,
} from 'strobe';
import { OneWeight, quietTrainer } from '../support/quiet.js';
import { scratchFolder } from '../support/scripted.js';

const folder = scratchFolder();
beforeAll(async () => {
  await tf.setBackend('cpu');
});

class Sized extends OneWeight {
  batchSize = 1;
  constructor(readonly seen: (size: number, batchIdx: number) => void = () => undefined) {
    super();
  }
  override trainDataloader() {
    const items = Array.from({ length: 24 }, (_, i) => i / 24);
    return new DataLoader(new ArrayDataset(items), { batchSize: this.batchSize, shuffle: true });
  }
  override valDataloader() {
    return this.trainDataloader();
  }
  override testDataloader() {
    return this.trainDataloader();
  }
  override predictDataloader() {
    return this.trainDataloader();
  }
  override trainingStep(batch: tf.Tensor1D, batchIdx: number) {
    this.#take(batch, batchIdx);
    const noisy = tf.add(batch, tf.randomNormal(batch.shape));
    return tf.mean<tf.Scalar>(tf.square(tf.sub(tf.mul(noisy, this.w.variable), 2)));
  }
  override validationStep(batch: tf.Tensor1D, batchIdx: number) {
    this.#take(batch, batchIdx);
  }
  override testStep(batch: tf.Tensor1D, batchIdx: number) {
    this.#take(batch, batchIdx);
  }
  override predictStep(batch: tf.Tensor1D, batchIdx: number) {
    this.#take(batch, batchIdx);
    return tf.add(batch, 1);
  }
  override configureOptimizers(): OptimizerConfig {
    return new Adam(this.parameters(), { lr: 0.1 });
  }
  #take(batch: tf.Tensor1D, batchIdx: number): void {
    const size = batch.shape[0];
    this.seen(size, batchIdx);
    if (size > 6) tf.zeros([2 ** 33]).dataSync();
  }
}

const finder = () => new BatchSizeFinder({ stepsPerTrial: 1 });

describe('a batch-size finder', () => {
  it('goes before the fit, which then goes as with that batch size from the start', async () => {
    const whole = new Sized();
    whole.batchSize = 4;
    const averages = [new EMAWeightAveraging({ decay: 0.5 }), new EMAWeightAveraging({ decay: 0.5 })] as const;
    await quietTrainer({ maxEpochs: 2, callbacks: [averages[0]] }).fit(whole);

    const model = new Sized();
    const callback = finder();
    const tensors = tf.memory().numTensors;
    const trainer = quietTrainer({ maxEpochs: 2, callbacks: [averages[1], callback] });
    const { steps } = await trainer.fit(model);
    expect([callback.optimalBatchSize, model.batchSize, steps]).toEqual([4, 4, 12]);
    expect(model.value).toBe(whole.value);
    trainer.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(tensors);
    expect(trainer.callbacks[0]).toBe(callback);
  });

  it.each([
    ['validate', [2, 4, 8, 4, 4, 4, 4, 4, 4]],
    ['test', [2, 4, 8, 4, 4, 4, 4, 4, 4]],
    ['predict', [2, 4, 8, 4, 4, 4, 4, 4, 4]],
  ] as const)('goes before trainer.%s', async (stage, sizes) => {
    const seen: number[] = [];
    const model = new Sized((size) => seen.push(size));
    await quietTrainer({ callbacks: [finder()] })[stage](model);
    expect(seen).toEqual(sizes);
  });

  it('stays away from a validation inside a fit, and from a fast development run', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const seen: number[] = [];
    const model = new Sized((size) => seen.push(size));
    model.batchSize = 5;
    await quietTrainer({ callbacks: [finder()], fastDevRun: true }).fit(model);
    expect(seen).toEqual([5, 5]);
    expect(warn.mock.calls.flat().join()).toMatch(/BatchSizeFinder.*fast development run/);
    warn.mockRestore();
  });

  it('a fit that goes on from a checkpoint has its batch size, and looks for none', async () => {
    const dirpath = folder();
    const make = () =>
      quietTrainer({
        maxEpochs: 2,
        enableCheckpointing: true,
        callbacks: [finder(), new ModelCheckpoint({ dirpath, everyNTrainSteps: 8, filename: 'mid' })],
      });
    const whole = new Sized();
    await make().fit(whole);
    expect(readdirSync(dirpath)).toEqual(['mid.ckpt']);
    const seen: number[] = [];
    const model = new Sized((size) => seen.push(size));
    await make().fit(model, undefined, { ckptPath: join(dirpath, 'mid.ckpt') });
    // Four training batches that were left, and a validation.
    expect(seen).toEqual(Array.from({ length: 10 }, () => 4));
    expect(model.value).toBe(whole.value);
  });

  it('sets up no data twice, and takes none down under the run', async () => {
    class Data implements DataModule {
      batchSize = 1;
      readonly calls: string[] = [];
      setup() {
        this.calls.push('setup');
      }
      teardown() {
        this.calls.push('teardown');
      }
      trainDataloader() {
        return new DataLoader(new ArrayDataset([1, 2, 3, 4, 5]), { batchSize: this.batchSize });
      }
    }
    const data = new Data();
    const { steps } = await quietTrainer({ callbacks: [finder()] }).fit(new OneWeight(), data);
    expect([data.batchSize, steps, data.calls]).toEqual([5, 1, ['setup', 'teardown']]);
  });

  it('refuses wrong options', () => {
    expect(() => new BatchSizeFinder({ mode: 'cubic' as never })).toThrow(/`mode` should be either of/);
    expect(() => new BatchSizeFinder({ maxVal: 0 })).toThrow(/maxVal/);
  });
});

it('both finders, in the order in which they are given: the learning rate is that of the batch size found before it', async () => {
  const model = new Sized();
  const callbacks = [finder(), new LearningRateFinder({ numTrainingSteps: 30, minLr: 1e-4 })];
  await quietTrainer({ callbacks }).fit(model);
  const alone = new Sized();
  alone.batchSize = 4;
  const found = await lrFind(quietTrainer(), alone, undefined, { numTraining: 30, minLr: 1e-4 });
  expect([model.batchSize, model.lr]).toEqual([4, found.suggestion()]);
});
