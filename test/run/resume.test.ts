import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Adam, Callback, DataLoader, Module, TensorDataset, Trainer, type OptimizerConfig } from 'strobe';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-resume-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Dropout, BatchNorm and Adam: everything that can go wrong when a run is taken up again. */
class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 8,
        inputShape: [4],
        activation: 'tanh',
        kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      }),
      tf.layers.batchNormalization(),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }) }),
    ],
  });
  override forward(x: tf.Tensor): tf.Tensor {
    return this.net.apply(x, { training: this.training }) as tf.Tensor;
  }
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    const loss = tf.losses.meanSquaredError(y, this.forward(x)) as tf.Scalar;
    this.log('loss', loss, { onStep: true, onEpoch: true });
    return loss;
  }
  override validationStep([x, y]: [tf.Tensor, tf.Tensor]): void {
    this.log('val_loss', tf.losses.meanSquaredError(y, this.forward(x)));
  }
  override configureOptimizers(): OptimizerConfig {
    return new Adam(this.parameters(), { lr: 0.05 });
  }
}

/** Counts batches and epoch means, and keeps the count in checkpoints. */
class Counter extends Callback {
  batches = 0;
  epochMeans: number[] = [];
  override onTrainBatchEnd(): void {
    this.batches += 1;
  }
  override onTrainEpochEnd(trainer: Trainer): void {
    this.epochMeans.push(trainer.callbackMetrics['loss_epoch'] ?? NaN);
  }
  override stateDict(): object {
    return { batches: this.batches, epochMeans: this.epochMeans };
  }
  override loadStateDict(state: { batches: number; epochMeans: number[] }): void {
    Object.assign(this, state);
  }
}

const x = tf.randomNormal([10, 4], 0, 1, 'float32', 3);
const y = tf.randomNormal([10, 1], 0, 1, 'float32', 4);

function makeTrainer(extra = {}) {
  const counter = new Counter();
  const trainer = new Trainer({
    maxEpochs: 2,
    seed: 5,
    backend: 'cpu',
    logger: false,
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
    callbacks: [counter],
    ...extra,
  });
  const model = new Net();
  const data = {
    train: new DataLoader(new TensorDataset(x, y), { batchSize: 4, shuffle: true }),
    val: new DataLoader(new TensorDataset(x, y), { batchSize: 5 }),
  };
  return { trainer, model, data, counter };
}

function weights(model: Module): number[][] {
  const state = model.stateDict();
  const values = Object.values(state).map((tensor) => Array.from(tensor.dataSync()));
  tf.dispose(state);
  return values;
}

describe.each([
  ['without accumulation', {}],
  ['with accumulation and validation inside the epoch', { accumulateGradBatches: 2, valCheckInterval: 2 }],
])('a run %s', (_, options) => {
  let expected: { weights: number[][]; counter: Counter; metrics: Record<string, number> };
  const hooks: string[] = [];

  beforeAll(async () => {
    const { trainer, model, data, counter } = makeTrainer(options);
    await trainer.fit(model, data);
    expected = { weights: weights(model), counter, metrics: trainer.callbackMetrics };
    const stepped = makeTrainer(options);
    for await (const event of stepped.trainer.run(stepped.model, stepped.data)) hooks.push(event.hook);
    expect(weights(stepped.model)).toEqual(expected.weights);
  });

  it('ends with the same weights when it is saved at any hook and taken up by another trainer', async () => {
    expect(hooks.length).toBeGreaterThan(60);
    for (let at = 0; at < hooks.length; at++) {
      const path = join(folder, `at-${at}.ckpt`);
      const first = makeTrainer(options);
      const run = first.trainer.run(first.model, first.data);
      for (let i = 0; i <= at; i++) await run.next();
      await run.save(path);

      const second = makeTrainer(options);
      const result = await second.trainer.fit(second.model, second.data, { ckptPath: path });
      const where = `saved at hook ${at}, ${hooks[at]}, ${run.position.path}`;
      expect(weights(second.model), where).toEqual(expected.weights);
      expect(second.counter.batches, where).toBe(expected.counter.batches);
      expect(second.counter.epochMeans, where).toEqual(expected.counter.epochMeans);
      expect(result.metrics, where).toEqual(expected.metrics);
    }
  }, 120_000);
});
