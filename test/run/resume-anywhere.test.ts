import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AdamW,
  CosineAnnealingLR,
  DataLoader,
  Module,
  ReduceLROnPlateau,
  SGD,
  StepLR,
  TensorDataset,
  type OptimizerConfig,
} from 'strobe';
import { quietTrainer } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-anywhere-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const config = fc.record({
  batches: fc.integer({ min: 1, max: 5 }),
  maxEpochs: fc.integer({ min: 1, max: 3 }),
  accumulateGradBatches: fc.integer({ min: 1, max: 3 }),
  valCheckInterval: fc.constantFrom(undefined, 0.5, 1),
  numSanityValSteps: fc.constantFrom(0, 1),
  shuffle: fc.boolean(),
  dropout: fc.boolean(),
  norm: fc.boolean(),
  gradientClipVal: fc.constantFrom(undefined, 0.5),
  optimizer: fc.constantFrom('AdamW', 'SGD'),
  scheduler: fc.constantFrom('none', 'step', 'epoch', 'plateau'),
  seed: fc.nat(1000),
});
type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;

class Net extends Module {
  readonly #config: Config;
  readonly first = tf.layers.dense({
    units: 4,
    activation: 'tanh',
    kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
  });
  readonly norm = tf.layers.batchNormalization();
  readonly dropout: tf.layers.Layer | undefined;
  readonly second = tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }) });
  override exampleInput = tf.zeros([1, 3]);

  constructor(config: Config) {
    super();
    this.#config = config;
    if (config.dropout) this.dropout = tf.layers.dropout({ rate: 0.4 });
  }
  override forward(x: tf.Tensor): tf.Tensor {
    const { training } = this;
    let h = this.first.apply(x) as tf.Tensor;
    const normed = this.norm.apply(h, { training }) as tf.Tensor;
    if (this.#config.norm) h = normed;
    if (this.dropout) h = this.dropout.apply(h, { training }) as tf.Tensor;
    return this.second.apply(h) as tf.Tensor;
  }
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    // Noise of the step's own, beside that of the dropout layer.
    const loss = tf.losses.meanSquaredError(tf.add(y, tf.randomNormal(y.shape, 0, 0.1)), this.forward(x)) as tf.Scalar;
    this.log('loss', loss, { onStep: true, onEpoch: true });
    return loss;
  }
  override validationStep([x, y]: [tf.Tensor, tf.Tensor]): void {
    this.log('val_loss', tf.losses.meanSquaredError(y, this.forward(x)));
  }
  override configureOptimizers(): OptimizerConfig {
    const own = (name: string) => this.parameters().filter((parameter) => parameter.name.startsWith(name));
    const groups = [
      { params: own('first'), lr: 0.05 },
      { params: [...own('norm'), ...own('second')], lr: 0.02, weightDecay: 0.1 },
    ];
    const { optimizer: name, scheduler } = this.#config;
    const optimizer =
      name === 'SGD' ? new SGD(groups, { lr: 0.1, momentum: 0.9, nesterov: true }) : new AdamW(groups, { lr: 0.1 });
    switch (scheduler) {
      case 'none':
        return optimizer;
      case 'step':
        return {
          optimizer,
          lrScheduler: { scheduler: new CosineAnnealingLR(optimizer, { tMax: 7 }), interval: 'step' },
        };
      case 'epoch':
        return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1, gamma: 0.5 }) };
      default: {
        const plateau = new ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5 });
        return { optimizer, lrScheduler: { scheduler: plateau, monitor: 'loss' } };
      }
    }
  }
}

const x = tf.randomNormal([20, 3], 0, 1, 'float32', 3);
const y = tf.randomNormal([20, 1], 0, 1, 'float32', 4);

function begin(config: Config) {
  const { batches, shuffle, optimizer: _o, scheduler: _s, dropout: _d, norm: _n, ...options } = config;
  const trainer = quietTrainer(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
  const rows = batches * 4;
  const dataset = new TensorDataset(tf.slice(x, 0, rows), tf.slice(y, 0, rows));
  const data = {
    train: new DataLoader(dataset, { batchSize: 4, shuffle }),
    val: new DataLoader(dataset, { batchSize: 8 }),
  };
  return { trainer, model: new Net(config), data };
}

/** The bits of everything that training has made. */
function bits({ trainer, model }: Pick<ReturnType<typeof begin>, 'trainer' | 'model'>) {
  const state = model.stateDict();
  const weights = Object.entries(state).map(([name, tensor]) => [name.replace(/_\d+/g, ''), [...tensor.dataSync()]]);
  tf.dispose(state);
  const rates = trainer.optimizers.flatMap(({ paramGroups }) => paramGroups.map(({ lr }) => lr));
  return { weights, rates, metrics: trainer.callbackMetrics, steps: trainer.globalStep };
}

describe('a run saved anywhere', () => {
  it('goes on with the same bits, whatever it is made of and wherever it was left', { timeout: 300_000 }, async () => {
    let file = 0;
    await fc.assert(
      fc.asyncProperty(config, fc.double({ min: 0, max: 1, noNaN: true }), async (config, where) => {
        const whole = begin(config);
        let hooks = 0;
        const run = whole.trainer.run(whole.model, whole.data);
        while (await run.next()) hooks += 1;
        const wanted = bits(whole);

        const first = begin(config);
        const left = first.trainer.run(first.model, first.data);
        for (let i = 0; i <= Math.floor(where * (hooks - 1)); i++) await left.next();
        const path = join(folder, `${file++}.ckpt`);
        await left.save(path);
        await left.stop();

        const second = begin({ ...config, seed: config.seed + 1 });
        await second.trainer.fit(second.model, second.data, { ckptPath: path });
        expect(bits(second)).toEqual(wanted);
        await rm(path);
        for (const { trainer } of [whole, first, second]) trainer.dispose();
      }),
      { numRuns: 200 },
    );
  });
});
