import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  Callback,
  DataLoader,
  LambdaCallback,
  Module,
  readCheckpoint,
  TensorDataset,
  Trainer,
  type OptimizerConfig,
} from 'strobe';

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

describe('a run that goes on from a checkpoint, before it is there', () => {
  const path = () => join(folder, 'on-the-way.ckpt');
  let expected: number[][];
  let metrics: unknown;

  /** A run that is to go on from the middle of the second epoch. */
  function resumed(extra = {}) {
    const parts = makeTrainer(extra);
    return { ...parts, run: parts.trainer.run(parts.model, parts.data, { ckptPath: path() }) };
  }

  beforeAll(async () => {
    const { trainer, model, data } = makeTrainer();
    const run = trainer.run(model, data);
    await run.step(4);
    await run.save(path());
    metrics = await run.validate();
    await run.finish();
    expected = weights(model);
  });

  it('is what the checkpoint says when it is saved at once', async () => {
    const again = join(folder, 'again.ckpt');
    await resumed().run.save(again);
    const { trainer, model, data } = makeTrainer();
    await trainer.fit(model, data, { ckptPath: again });
    expect(weights(model)).toEqual(expected);
  });

  it('is forked and validated as the checkpoint has it', async () => {
    const { run } = resumed();
    expect(await run.validate()).toEqual(metrics);
    const second = resumed().run;
    const fork = await second.fork();
    await fork.finish();
    expect(weights(fork.module)).toEqual(expected);
    await second.finish();
    expect(weights(second.module)).toEqual(expected);
  });

  it('refuses a snapshot of what it has not read', async () => {
    const { run } = resumed();
    expect(() => run.snapshot()).toThrow(/not yet read[^]*run\.next\(\)/);
    await run.next();
    run.snapshot().dispose();
  });

  it.each(['setup', 'onFitStart', 'onTrainStart'] as const)('loses nothing to a file written in %s', async (hook) => {
    const whole = join(folder, `in-${hook}.ckpt`);
    const part = join(folder, `in-${hook}-weights.ckpt`);
    const save = async (trainer: Trainer) => {
      await trainer.saveCheckpoint(whole);
      await trainer.saveCheckpoint(part, { weightsOnly: true });
    };
    const { run } = resumed({ callbacks: [new Counter(), new LambdaCallback({ [hook]: save })] });
    await run.next();
    const [from, light] = await Promise.all([path(), part].map(readCheckpoint));
    const values = (tensors: Record<string, tf.Tensor> = {}) => Object.values(tensors).map((each) => each.dataSync());
    expect(values(light?.stateDict)).toEqual(values(from?.stateDict));
    expect(light).not.toHaveProperty('run');
    const { trainer, model, data } = makeTrainer();
    await trainer.fit(model, data, { ckptPath: whole });
    expect(weights(model)).toEqual(expected);
  });
});
