import * as fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Adam,
  AdamW,
  Callback,
  Module,
  RMSprop,
  SGD,
  StepLR,
  Trainer,
  useBackend,
  type Optimizer,
  type TrainerOptions,
} from 'strobe';
import { batches, data, dropData, Net, quiet, stats, Witness } from './support.js';

interface Trial {
  make?: () => Module;
  options?: TrainerOptions;
  callbacks?: () => Callback[];
  data?: () => unknown[];
}

async function fit(
  replay: boolean,
  { make = () => new Net(), options, callbacks = () => [], data = () => batches(24) }: Trial,
) {
  const witness = new Witness();
  const module = make();
  const trainer = new Trainer({ ...quiet, maxEpochs: 2, ...options, replay, callbacks: [...callbacks(), witness] });
  const before = stats().repeated;
  await trainer.fit(module, data() as never);
  return { digest: witness.digest(module, trainer.optimizers[0]), replayed: stats().repeated - before };
}

/** Fits with and without replay; the same must come out. @returns how many steps were replayed */
async function compare(trial: Trial): Promise<number> {
  const plain = await fit(false, trial);
  let replayed = plain;
  const warnings = await warningsOf(async () => (replayed = await fit(true, trial)));
  expect(plain.replayed).toBe(0);
  expect(replayed.digest).toBe(plain.digest);
  expect(warnings.join()).not.toMatch(/computed something else/);
  return replayed.replayed;
}

async function warningsOf(work: () => Promise<unknown>): Promise<string[]> {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  await work();
  const warnings = warn.mock.calls.map(String);
  warn.mockRestore();
  return warnings;
}

beforeAll(() => useBackend('onnx'));
afterAll(dropData);
afterEach(() => void vi.restoreAllMocks());

describe('a step that is known is replayed', () => {
  it('from the fifth batch of the first epoch, and from the second of the others', async () => {
    expect(await compare({})).toBe(24 - 4 + (24 - 1));
  });

  it.each<[string, (m: Module) => Optimizer | { optimizer: Optimizer; lrScheduler: StepLR }]>([
    ['SGD', (m) => new SGD(m.parameters(), { lr: 0.1 })],
    ['SGD with momentum', (m) => new SGD(m.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true })],
    ['AdamW with amsgrad', (m) => new AdamW(m.parameters(), { amsgrad: true })],
    ['RMSprop', (m) => new RMSprop(m.parameters(), { momentum: 0.5 })],
    [
      'groups of their own',
      (m) => {
        const [first, ...rest] = m.parameters();
        return new Adam([{ params: [first!], lr: 0.1 }, { params: rest }]);
      },
    ],
    [
      'a schedule of every step',
      (m) => {
        const optimizer = new Adam(m.parameters());
        return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1, gamma: 0.9 }) };
      },
    ],
  ])('with %s', async (_, optimizer) => {
    const make = () => Object.assign(new Net(), { optimizer });
    expect(await compare({ make })).toBeGreaterThan(30);
  });

  it('of tf.layers, with the moving averages of a BatchNorm', async () => {
    class Layered extends Module {
      readonly net = tf.sequential({
        layers: [
          tf.layers.dense({
            units: 24,
            inputShape: [20],
            kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
          }),
          tf.layers.batchNormalization(),
          tf.layers.reLU(),
          tf.layers.dense({ units: 4, kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
        ],
      });
      override trainingStep([x, y]: tf.Tensor[]): tf.Scalar {
        const logits = this.net.apply(x as tf.Tensor, { training: this.training }) as tf.Tensor;
        const loss: tf.Scalar = tf.losses.softmaxCrossEntropy(y as tf.Tensor, logits);
        this.log('loss', loss);
        return loss;
      }
      override configureOptimizers(): Optimizer {
        return new Adam(this.parameters());
      }
    }
    expect(await compare({ make: () => new Layered() })).toBeGreaterThan(30);
  });

  it('with clipped gradients', async () => {
    expect(await compare({ options: { gradientClipVal: 0.1 } })).toBeGreaterThan(30);
    expect(await compare({ options: { gradientClipVal: 0.01, gradientClipAlgorithm: 'value' } })).toBeGreaterThan(30);
  });

  it('with learning rates that a callback changes at every batch, also of one group of two that were the same', async () => {
    class Rates extends Callback {
      override onTrainBatchStart(trainer: Trainer, _module: Module, _batch: unknown, batchIdx: number): void {
        const [first, second] = trainer.optimizers[0]!.paramGroups;
        first!.lr = 0.01 / (batchIdx + 1);
        second!.lr = batchIdx < 12 ? first!.lr : 0.02;
      }
    }
    const make = () =>
      Object.assign(new Net(), {
        optimizer: (m: Module) => {
          const [first, ...rest] = m.parameters();
          return new Adam([{ params: [first!] }, { params: rest }]);
        },
      });
    expect(await compare({ make, callbacks: () => [new Rates()] })).toBeGreaterThan(10);
  });

  it('with a shorter last batch, in more epochs each its own', async () => {
    expect(await compare({ options: { maxEpochs: 6 }, data: () => batches(8, 20) })).toBeGreaterThan(30);
  });

  it('with weights that a callback changes', async () => {
    class Shrink extends Callback {
      override onTrainBatchEnd(_trainer: Trainer, module: Module): void {
        for (const each of module.parameters()) tf.tidy(() => each.assign(tf.mul(each.variable, 0.99)));
      }
    }
    expect(await compare({ callbacks: () => [new Shrink()] })).toBeGreaterThan(30);
  });

  it('with a validation between the steps', async () => {
    class Validated extends Net {
      override validationStep([x]: tf.Tensor[]): void {
        this.log('val', tf.mean(this.forward(x as tf.Tensor)));
      }
      override valDataloader() {
        return batches(2);
      }
    }
    expect(await compare({ make: () => new Validated(), options: { valCheckInterval: 5 } })).toBeGreaterThan(20);
  });
});

describe('a step that may be another one is recorded', () => {
  it('with dropout', async () => {
    class Dropped extends Net {
      override forward(x: tf.Tensor): tf.Tensor {
        return super.forward(tf.dropout(x, 0.3));
      }
    }
    class Layered extends Module {
      readonly net = tf.sequential({
        layers: [
          tf.layers.dense({
            units: 24,
            inputShape: [20],
            kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
          }),
          tf.layers.dropout({ rate: 0.3 }),
          tf.layers.dense({ units: 4, kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
        ],
      });
      override trainingStep([x, y]: tf.Tensor[]): tf.Scalar {
        const logits = this.net.apply(x as tf.Tensor, { training: this.training }) as tf.Tensor;
        return tf.losses.softmaxCrossEntropy(y as tf.Tensor, logits) as tf.Scalar;
      }
      override configureOptimizers(): Optimizer {
        return new Adam(this.parameters());
      }
    }
    expect(await compare({ make: () => new Dropped() })).toBe(0);
    expect(await compare({ make: () => new Layered() })).toBe(0);
  });

  it('after a field has been changed, until it has been seen again', async () => {
    class Anneal extends Callback {
      override onTrainBatchStart(_trainer: Trainer, module: Module, _batch: unknown, batchIdx: number): void {
        if (batchIdx % 8 === 0) (module as Net).scale = 1 + batchIdx;
      }
    }
    const replayed = await compare({ callbacks: () => [new Anneal()] });
    expect(replayed).toBeGreaterThan(10);
    expect(replayed).toBeLessThan(35);
  });

  it('with a field that changes at every step', async () => {
    class Anneal extends Callback {
      override onTrainBatchStart(_trainer: Trainer, module: Module, _batch: unknown, batchIdx: number): void {
        (module as Net).scale = 1 + batchIdx / 10;
      }
    }
    expect(await compare({ callbacks: () => [new Anneal()] })).toBe(0);
  });

  it('when a parameter is frozen on the way, and thawed', async () => {
    class Freeze extends Callback {
      override onTrainBatchStart(_trainer: Trainer, module: Module, _batch: unknown, batchIdx: number): void {
        (module as Net).w1.requiresGrad = batchIdx < 8 || batchIdx >= 16;
      }
    }
    expect(await compare({ callbacks: () => [new Freeze()] })).toBeGreaterThan(10);
  });

  it.each(['onBeforeZeroGrad', 'onBeforeBackward', 'onAfterBackward', 'onBeforeOptimizerStep'] as const)(
    'when %s is listened to',
    async (hook) => {
      const listener = () => Object.assign(new (class extends Callback {})(), { [hook]: () => undefined });
      expect(await compare({ callbacks: () => [listener()] })).toBe(0);
      expect(await compare({ make: () => Object.assign(new Net(), { [hook]: () => undefined }) })).toBe(0);
    },
  );

  it('with accumulated gradients, a profiler, or a look for anomalies', async () => {
    expect(await compare({ options: { accumulateGradBatches: 3 } })).toBe(0);
    expect(await compare({ options: { profiler: 'simple' } })).toBe(0);
    expect(await compare({ options: { detectAnomaly: true }, data: () => batches(8) })).toBe(0);
  });

  it('that ends a window of several batches because one is enough by now', async () => {
    class Fewer extends Callback {
      override onTrainBatchStart({ limits, progress: { batchIdx } }: Trainer): void {
        // Windows of one, known by the fifth; then two gathered of three when one is wanted again.
        limits.accumulateGradBatches = batchIdx === 10 || batchIdx === 11 ? 3 : 1;
      }
    }
    const replayed = await compare({ callbacks: () => [new Fewer()], options: { maxEpochs: 1 } });
    expect(replayed).toBeGreaterThan(5);
    expect(replayed).toBeLessThanOrEqual(24 - 4 - 3);
  });

  it('whose update is overridden', async () => {
    class Own extends Net {
      override optimizerStep(_epoch: number, _batchIdx: number, optimizer: Optimizer): void {
        optimizer.step();
      }
    }
    expect(await compare({ make: () => new Own() })).toBe(0);
  });

  it('that keeps a tensor', async () => {
    class Keeper extends Net {
      readonly kept: tf.Tensor[] = [];
      override trainingStep([x, y]: tf.Tensor[]) {
        this.kept[0] = tf.keep(tf.mean(x as tf.Tensor));
        return super.trainingStep([x, y] as tf.Tensor[]);
      }
    }
    expect(await compare({ make: () => new Keeper() })).toBe(0);
  });

  it('of a batch that shows one tensor twice, or no longer does', async () => {
    const twice = () => batches(24).map(([x], i) => [x, i < 12 ? x : data[i - 1]![0]]);
    class Auto extends Net {
      override trainingStep([x, y]: tf.Tensor[]) {
        const [a, b] = [x, y].map((t) => this.forward(t as tf.Tensor)) as [tf.Tensor, tf.Tensor];
        const loss: tf.Scalar = tf.mean(tf.add(tf.square(a), b));
        return { loss, logits: a };
      }
    }
    expect(await compare({ make: () => new Auto(), data: twice })).toBeLessThan(40);
  });

  it('of batches that are all the same number at first', async () => {
    const flat = () => batches(24).map(([x, y], i) => [i < 10 ? tf.ones([32, 20]) : x, y]);
    expect(await compare({ data: flat })).toBeGreaterThan(10);
  });
});

it('a step that depends on a variable outside is found out, and said so', async () => {
  let sign = 1;
  const flipped = (x: tf.Tensor) => tf.mul(x, sign);
  class Sly extends Net {
    override forward(x: tf.Tensor): tf.Tensor {
      return flipped(super.forward(x));
    }
  }
  // super is not followed, so the step is written out.
  class Slier extends Net {
    override trainingStep([x]: tf.Tensor[]) {
      const logits = flipped(this.forward(x as tf.Tensor));
      const loss: tf.Scalar = tf.mean(logits);
      return { loss, logits };
    }
  }
  class Flip extends Callback {
    override onTrainEpochStart(): void {
      sign = -sign;
    }
  }
  expect(await compare({ make: () => new Sly() })).toBe(0);
  const warnings = await warningsOf(() => fit(true, { make: () => new Slier(), callbacks: () => [new Flip()] }));
  expect(warnings.join()).toMatch(/computed something else than in the steps before/);
});

it('a loss that is no number leaves weights and optimizer as they were', async () => {
  const weights = async (replay: boolean) => {
    const module = new Net();
    const poisoned = batches(24).map(([x, y], i) => [i === 20 ? tf.mul(x as tf.Tensor, NaN) : x, y]);
    const trainer = new Trainer({ ...quiet, maxEpochs: 1, replay });
    await expect(trainer.fit(module, poisoned as never)).rejects.toThrow(/The loss of step 20 .* is NaN/);
    return module.parameters().map(({ variable }) => [...variable.dataSync()]);
  };
  expect(await weights(true)).toEqual(await weights(false));
});

it('no tensor is left by replayed steps', async () => {
  const left = async (replay: boolean) => {
    const before = tf.memory();
    const trainer = new Trainer({ ...quiet, maxEpochs: 2, replay });
    await trainer.fit(new Net(), batches(24) as never);
    trainer.dispose();
    const { numTensors, numDataBuffers } = tf.memory();
    return [numTensors - before.numTensors, numDataBuffers - before.numDataBuffers];
  };
  batches(24);
  expect(await left(true)).toEqual(await left(false));
});

it('whatever is configured, replayed or not comes out the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        optimizer: fc.constantFrom('Adam', 'AdamW', 'SGD', 'RMSprop'),
        epochs: fc.integer({ min: 1, max: 3 }),
        count: fc.integer({ min: 5, max: 12 }),
        last: fc.constantFrom(32, 17),
        clip: fc.option(fc.constantFrom(0.01, 1), { nil: undefined }),
        accumulate: fc.constantFrom(1, 1, 1, 2),
        edits: fc.array(
          fc.record({
            at: fc.integer({ min: 1, max: 30 }),
            what: fc.constantFrom('lr', 'scale', 'freeze', 'thaw', 'weights', 'decay', 'mask', 'window'),
            by: fc.double({ min: 0.5, max: 1.5, noNaN: true }),
          }),
          { maxLength: 4 },
        ),
      }),
      async ({ optimizer, epochs, count, last, clip, accumulate, edits }) => {
        class Edits extends Callback {
          #seen = 0;
          override onTrainBatchStart(trainer: Trainer, module: Module): void {
            this.#seen += 1;
            const net = module as Net & { mask: tf.Tensor };
            for (const { at, what, by } of edits) {
              if (at !== this.#seen) continue;
              const [group] = trainer.optimizers[0]!.paramGroups;
              if (what === 'lr') group!.lr *= by;
              else if (what === 'decay') group!.weightDecay = by / 100;
              else if (what === 'scale') net.scale = by;
              else if (what === 'weights') tf.tidy(() => net.w2.assign(tf.mul(net.w2.variable, by)));
              else if (what === 'window') trainer.limits.accumulateGradBatches = 1 + (at % 3);
              else if (what === 'mask') net.mask = tf.mul(net.mask, by);
              else net.b1.requiresGrad = what === 'thaw';
            }
          }
        }
        const makers = { Adam, AdamW, SGD, RMSprop };
        await compare({
          make: () =>
            Object.assign(new Net(), {
              optimizer: (m: Module) => new makers[optimizer as 'Adam'](m.parameters(), { lr: 0.01 }),
            }),
          options: {
            maxEpochs: epochs,
            accumulateGradBatches: accumulate,
            ...(clip === undefined ? {} : { gradientClipVal: clip }),
          },
          callbacks: () => [new Edits()],
          data: () => batches(count, last),
        });
      },
    ),
    { numRuns: 25, seed: 11 },
  );
}, 120_000);
