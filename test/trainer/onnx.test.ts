import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Adam, AdamW, Callback, Module, RMSprop, SGD, Trainer, useBackend, type Optimizer, type Run } from 'strobe';
import type { OnnxBackend } from '../../src/backend/onnx/index.js';
import { Slab } from '../../src/backend/onnx/pointwise/slab.js';
import { tensorsIn } from '../../src/tensors/tree.js';

const quiet = {
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
} as const;

class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({ units: 24, inputShape: [20], activation: 'relu' }),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 4 }),
    ],
  });
  constructor(readonly make: (module: Net) => Optimizer = (module) => new Adam(module.parameters())) {
    super();
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return this.net.apply(x, { training: this.training }) as tf.Tensor;
  }
  override trainingStep([x, y]: tf.Tensor[]): tf.Scalar {
    const loss = tf.losses.softmaxCrossEntropy(y as tf.Tensor, this.forward(x as tf.Tensor)) as tf.Scalar;
    this.log('loss', loss, { progBar: true, onEpoch: true });
    this.log('largest', tf.max(x as tf.Tensor));
    return loss;
  }
  override configureOptimizers(): Optimizer {
    return this.make(this);
  }
}

const batches = (count: number, size = 32) =>
  Array.from({ length: count }, (_, i) => [
    tf.randomNormal([size, 20], 0, 1, 'float32', i),
    tf.tidy(() => tf.oneHot(tf.zeros([size], 'int32'), 4)),
  ]);

const recorder = () => (tf.backend() as unknown as OnnxBackend).recorder;

/** Native calls made, and graphs compiled, by the end of each batch. */
class Calls extends Callback {
  readonly runs: number[] = [];
  readonly compiled: number[] = [];
  override onTrainBatchEnd(): void {
    this.runs.push(recorder().stats.runs);
    this.compiled.push(recorder().stats.compiled);
  }
}

beforeAll(() => useBackend('onnx'));

describe('a training step on the onnx engine', () => {
  it.each([
    ['Adam', (m: Net) => new Adam(m.parameters()), {}],
    ['AdamW', (m: Net) => new AdamW(m.parameters(), { amsgrad: true }), {}],
    ['SGD', (m: Net) => new SGD(m.parameters(), { lr: 0.1, momentum: 0.9 }), {}],
    ['RMSprop', (m: Net) => new RMSprop(m.parameters()), {}],
    ['Adam with clipped gradients', (m: Net) => new Adam(m.parameters()), { gradientClipVal: 0.5 }],
  ] as const)('%s: forward pass, backward pass, update and metrics are one native call', async (_, make, options) => {
    const calls = new Calls();
    const data = batches(12);
    await new Trainer({ ...quiet, ...options, maxEpochs: 1, callbacks: [calls] }).fit(new Net(make), data);
    tf.dispose(data);
    // The first two steps make slots and find out what changes from step to step.
    const [runs, compiled] = [calls.runs.slice(2), calls.compiled.slice(2)];
    expect(runs.map((count) => count - runs[0]!)).toEqual(runs.map((_, i) => i));
    expect(new Set(compiled).size).toBe(1);
  });

  it('a loss that is no number leaves weights and optimizer as they were', async () => {
    const model = new Net();
    const data = batches(3);
    const poison = [tf.mul(tf.ones([32, 20]), NaN), tf.oneHot(tf.zeros([32], 'int32'), 4)];
    const trainer = new Trainer({ ...quiet, maxEpochs: 1 });
    const weights = () => model.parameters().map(({ variable }) => [...variable.dataSync()]);
    const run = trainer.run(model, [...data, poison]);
    await run.until('onTrainBatchEnd');
    await run.until('onTrainBatchEnd');
    await run.until('onTrainBatchEnd');
    const before = weights();
    await expect(run.finish()).rejects.toThrow(/The loss of step 3 .* is NaN/);
    expect(weights()).toEqual(before);
    expect(trainer.globalStep).toBe(3);
    tf.dispose([data, poison]);
  });

  it.each([
    ['the step after the first', 1, false],
    ['a step whose loss was looked at', 3, true],
  ])('is taken as a whole or not at all where memory runs out: %s', async (_, steps, looks) => {
    const data = batches(6);
    const trainer = new Trainer({ ...quiet, maxEpochs: 1, seed: 1, replay: false });
    const run = trainer.run(new Net(), data, { guard: false });
    if (looks) run.on({ hook: 'onBeforeOptimizerStep' }, ({ loss }) => loss?.dataSync());
    const valuesOf = (some: Run) => {
      const { state } = some.trainer.optimizers[0]!.stateDict();
      const tensors = [...some.module.parameters().map(({ variable }) => variable), ...tensorsIn(state)];
      return tensors.map((tensor) => [...tensor.dataSync()]);
    };
    const twin = await run.fork();
    await twin.step(steps);
    const expected = valuesOf(twin);
    await twin.stop();

    await run.step(steps);
    const take = vi.spyOn(Slab.prototype, 'take').mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    await expect(run.step()).rejects.toThrow('out of memory');
    take.mockRestore();
    expect(valuesOf(run)).toEqual(expected);
    tf.dispose(data);
  });

  it('makes the slots of all parameters with their first update, not a graph for each', async () => {
    const calls = new Calls();
    const data = batches(2);
    const { runs } = recorder().stats;
    await new Trainer({ ...quiet, maxEpochs: 1, callbacks: [calls] }).fit(new Net(), data);
    expect(calls.runs[0]! - runs).toBe(1);
    tf.dispose(data);
  });

  it(
    'batches of two hundred sizes leave a bounded number of graphs and no memory behind',
    { timeout: 60_000 },
    async () => {
      const model = new Net();
      const data = Array.from({ length: 200 }, (_, i) => batches(1, i + 1)[0]!);
      const fit = async (some: tf.Tensor[][]) => {
        const trainer = new Trainer({ ...quiet, maxEpochs: 1 });
        await trainer.fit(model, some);
        trainer.dispose();
      };
      await fit(data);
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      await fit(data.slice(0, 40));
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers, numBytes });
      const { sessions, pool, trace } = recorder();
      expect(sessions.size).toBeLessThanOrEqual(sessions.max);
      expect(pool.bytes).toBeLessThanOrEqual(pool.maxBytes);
      expect(trace.size).toBeLessThan(30_000);
      tf.dispose(data);
    },
  );

  it('goes on from a file with the threads it was saved with', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-threads-'));
    const backend = tf.backend() as unknown as OnnxBackend;
    const before = backend.threads;
    const data = batches(4);
    const fit = async (ckptPath?: string) => {
      const model = new Net();
      const trainer = new Trainer({ ...quiet, maxEpochs: 1, seed: 5 });
      const run = trainer.run(model, data, ckptPath === undefined ? {} : { ckptPath });
      return { run, model, weights: () => model.parameters().map(({ variable }) => [...variable.dataSync()]) };
    };
    try {
      backend.threads = 3;
      const whole = await fit();
      await whole.run.step(2);
      const path = join(folder, 'here.ckpt');
      await whole.run.save(path);
      await whole.run.finish();

      backend.threads = 1;
      const rest = await fit(path);
      await rest.run.finish();
      expect(backend.threads).toBe(3);
      expect(rest.weights()).toEqual(whole.weights());
    } finally {
      backend.threads = before;
      await rm(folder, { recursive: true });
      tf.dispose(data);
    }
  });
});

describe('a network so small that parts of its step are small work', () => {
  class Small extends Module {
    readonly net: tf.LayersModel;
    constructor(units: number) {
      super();
      const initializer = () => tf.initializers.glorotNormal({ seed: 4 });
      this.net = tf.sequential({
        layers: [
          tf.layers.dense({ units, inputShape: [20], activation: 'tanh', kernelInitializer: initializer() }),
          tf.layers.dense({ units: 4, kernelInitializer: initializer() }),
        ],
      });
    }
    override trainingStep([x, y]: tf.Tensor[]): tf.Scalar {
      return tf.losses.softmaxCrossEntropy(y as tf.Tensor, this.net.apply(x as tf.Tensor) as tf.Tensor) as tf.Scalar;
    }
    override configureOptimizers(): Optimizer {
      return new Adam(this.parameters());
    }
  }
  const data = batches(4, 8);

  it.each([1, 3, 8, 16, 32])('has the same bits whether its loss is looked at or not: %i units', async (units) => {
    const weights: number[][][] = [];
    for (const looks of [false, true]) {
      const module = new Small(units);
      const run = new Trainer({ ...quiet, maxEpochs: 2, seed: 1 }).run(module, data as never);
      if (looks) run.on({ hook: 'onBeforeBackward' }, ({ loss }) => loss.dataSync());
      await run.finish();
      weights.push(module.parameters().map(({ variable }) => [...variable.dataSync()]));
    }
    expect(weights[1]).toEqual(weights[0]);
  });

  it.each(['onBeforeBackward', 'onAfterBackward', 'onBeforeOptimizerStep'] as const)(
    'has the same bits when it is forked, and saved and taken up, at %s',
    async (hook) => {
      const start = (ckptPath?: string) =>
        new Trainer({ ...quiet, maxEpochs: 2, seed: 1 }).run(new Small(3), data as never, ckptPath ? { ckptPath } : {});
      const ended = async (run: Run) => {
        await run.finish();
        return run.module.parameters().map(({ variable }) => [...variable.dataSync()]);
      };
      const undisturbed = await ended(start());
      const run = start();
      await run.step(3);
      await run.until(hook);
      const fork = await run.fork();
      expect(await ended(fork)).toEqual(undisturbed);
      const folder = await mkdtemp(join(tmpdir(), 'strobe-'));
      const path = join(folder, 'here.ckpt');
      await run.save(path);
      expect(await ended(run)).toEqual(undisturbed);
      expect(await ended(start(path))).toEqual(undisturbed);
      await rm(folder, { recursive: true });
    },
  );

  it('leaves what comes after a run to JavaScript again', async () => {
    const run = new Trainer({ ...quiet, maxEpochs: 1 }).run(new Small(3), data as never);
    const small = () => tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync());
    await run.step(2);
    const { interpreted } = recorder().stats;
    small();
    expect(recorder().stats.interpreted).toBe(interpreted);
    await run.stop();
    small();
    expect(recorder().stats.interpreted).toBe(interpreted + 1);
  });
});
