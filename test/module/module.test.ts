import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Module, parameter, SGD, Trainer } from 'strobe';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-module-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class Inner extends Module {
  readonly w = parameter(tf.scalar(2));
  readonly constant = tf.scalar(9);
}

class Outer extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({ units: 2, inputShape: [3] }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 1, name: 'head' }),
    ],
  });
  readonly parts = [new Inner(), { deep: new Inner() }];
  readonly tied: object;
  readonly v = tf.variable(tf.scalar(1));
  constructor({ size = 1, lr = 0.1 } = {}) {
    super();
    this.tied = (this.parts[0] as Inner).w;
    this.saveHyperparameters({ size, lr, secret: 'x' }, { ignore: ['secret'] });
  }
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    return tf.mean(tf.mul(batch, (this.parts[0] as Inner).w.variable));
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}

describe('a module', () => {
  it('may hold records that hold themselves: they are neither walked forever nor saved', async () => {
    const node: Record<string, unknown> = { inner: new Inner() };
    node['self'] = node;
    class Graph extends Outer {
      readonly node = node;
    }
    const model = new Graph();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    model.saveHyperparameters({ loop });
    const trainer = new Trainer({ maxEpochs: 1, logger: false, enableCheckpointing: false, enableProgressBar: false });
    const run = trainer.run(model, [tf.tensor1d([1]), tf.tensor1d([2])]);
    await run.step(2);
    await run.rewind(1);
    expect((await run.finish()).steps).toBe(2);
    await expect(trainer.saveCheckpoint(join(folder, 'graph.ckpt'))).rejects.toThrow(/hyperParameters\.loop\.self/);
  });

  it('finds parameters in layers, variables, modules, arrays and records, each once, by names that are the same each time', () => {
    const names = (module: Module) => module.parameters().map(({ name }) => name);
    const expected = [
      'net.dense_1.kernel',
      'net.dense_1.bias',
      'net.batch_normalization_1.gamma',
      'net.batch_normalization_1.beta',
      'net.head.kernel',
      'net.head.bias',
      'parts.0.w',
      'parts.1.deep.w',
      'v',
    ];
    expect(names(new Outer())).toEqual(expected);
    expect(names(new Outer())).toEqual(expected);
    expect(new Outer().buffers().map(({ name }) => name)).toEqual([
      'net.batch_normalization_1.moving_mean',
      'net.batch_normalization_1.moving_variance',
    ]);
  });

  it('switches itself and the modules in it between training and evaluation, and freezes', () => {
    const module = new Outer();
    module.freeze();
    expect(module.parameters().every(({ requiresGrad }) => !requiresGrad)).toBe(true);
    expect((module.parts[0] as Inner).training).toBe(false);
    module.unfreeze();
    expect(module.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
    expect((module.parts[0] as Inner).training).toBe(true);
  });

  it('gives and takes its state by name, and says what does not fit', () => {
    const [from, to] = [new Outer(), new Outer()];
    (from.parts[0] as Inner).w.assign(tf.scalar(7));
    const state = from.stateDict();
    to.loadStateDict(state);
    expect((to.parts[0] as Inner).w.variable.dataSync()[0]).toBe(7);
    const { v: _gone, ...rest } = state;
    expect(() => to.loadStateDict(rest)).toThrow('missing: v');
    expect(() => to.loadStateDict({ ...state, more: tf.scalar(1) })).toThrow('unexpected: more');
    expect(() => to.loadStateDict({ ...state, v: tf.zeros([2]) })).toThrow('v: [] here, [2] in the state');
    to.loadStateDict(rest, { strict: false });
  });

  it('asks for an input shape when a layer is not built', () => {
    class Unbuilt extends Module {
      readonly layer = tf.layers.dense({ units: 2 });
    }
    expect(() => new Unbuilt().parameters()).toThrow(/layer layer \(Dense\) has no weights yet[^]*inputShape/);
  });

  it('is made again from a checkpoint, with its hyper-parameters and what overrides them', async () => {
    const path = join(folder, 'module.ckpt');
    const quiet = {
      backend: 'cpu',
      logger: false,
      enableCheckpointing: false,
      enableProgressBar: false,
      enableModelSummary: false,
    } as const;
    const trainer = new Trainer({ ...quiet, maxEpochs: 1 });
    const model = new Outer({ size: 4 });
    await trainer.fit(model, [tf.ones([2])]);
    await trainer.saveCheckpoint(path, { weightsOnly: true });
    const again = await Outer.loadFromCheckpoint(path, { lr: 0.5 });
    expect(again.hparams).toEqual({ size: 4, lr: 0.5 });
    expect((again.parts[0] as Inner).w.variable.dataSync()).toEqual((model.parts[0] as Inner).w.variable.dataSync());
  });
});
