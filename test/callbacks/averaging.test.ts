import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Callback, EMAWeightAveraging, SGD, StochasticWeightAveraging, WeightAveraging, type Trainer } from 'strobe';
import { oracle } from '../support/oracle.js';
import { numbers, OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-averaging-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** w = 1, and a gradient of 1 in every batch. */
class Falling extends OneWeight {
  readonly after: number[] = [];
  readonly validated: number[] = [];
  override onTrainBatchEnd(): void {
    this.after.push(this.value);
  }
  override validationStep(): void {
    this.validated.push(this.value);
  }
}
const ones = (n: number) => numbers(...Array.from({ length: n }, () => 1));
const near = (actual: number[], wanted: number[]) => {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 5));
};

describe('exponential averages', () => {
  const { called } = oracle('ema');
  class Averages extends Callback {
    readonly seen: number[] = [];
    override onTrainBatchEnd(trainer: Trainer): void {
      const { averageWeights } = trainer.callbacks.get(EMAWeightAveraging) as EMAWeightAveraging;
      this.seen.push(averageWeights['w']?.dataSync()[0] as number);
    }
  }

  it.each([
    ['ema.decay0.9_{}', { decay: 0.9 }],
    ["ema.decay0.5_{'update_every_n_steps': 2}", { decay: 0.5, updateEveryNSteps: 2 }],
  ])('%s', async (id, options) => {
    const { expect: wanted } = called<unknown, { w: number[]; avg: number[]; final: number }>(id);
    const [model, averages] = [new Falling(), new Averages()];
    await quietTrainer({ callbacks: [new EMAWeightAveraging(options), averages] }).fit(model, ones(5));
    near(model.after, wanted.w);
    near(averages.seen, wanted.avg);
    near([model.value], [wanted.final]);
  });
});

it.each([
  ['all weights', () => new WeightAveraging(), 4],
  ['weights from an epoch on', () => new EMAWeightAveraging({ updateStartingAtEpoch: 0 }), 3],
  ['the last epochs', () => new StochasticWeightAveraging({ swaLrs: 0.05, swaEpochStart: 1 }), 2],
] as const)('an average of %s begins anew with a fit that does', async (_what, make, averaged) => {
  const callback = make();
  const ends: number[] = [];
  for (let fit = 0; fit < 2; fit++) {
    const model = new Falling();
    await quietTrainer({ maxEpochs: 2, callbacks: [callback] }).fit(model, ones(2));
    expect(callback.averaged).toBe(averaged);
    ends.push(model.value);
  }
  expect(ends[1]).toBe(ends[0]);
});

it.each(['saved', 'rewound'])(
  'an exponential average that begins with an epoch goes on as it would have when the run is %s',
  async (how) => {
    const make = () =>
      quietTrainer({ maxEpochs: 4, callbacks: [new EMAWeightAveraging({ decay: 0.5, updateStartingAtEpoch: 1 })] });
    const whole = new Falling();
    await make().fit(whole, ones(4));
    const model = new Falling();
    const run = make().run(model, ones(4));
    await run.step(14);
    if (how === 'rewound') await run.rewind(4);
    else {
      const path = join(folder, 'begun.ckpt');
      await run.save(path);
      const resumed = new Falling();
      await make().fit(resumed, ones(4), { ckptPath: path });
      expect(resumed.value).toBe(whole.value);
    }
    await run.finish();
    expect(model.value).toBe(whole.value);
  },
);

describe('averaging weights', () => {
  it('validates the average, and trains on with the weights; an exception in validation swaps them back', async () => {
    const model = new Falling();
    const callbacks = [new WeightAveraging()];
    await quietTrainer({ callbacks, numSanityValSteps: 0, maxEpochs: 2 }).fit(model, { train: ones(2), val: ones(1) });
    near(model.after, [0.9, 0.8, 0.7, 0.6]);
    near(model.validated, [0.85, 0.75]);
    near([model.value], [0.75]);

    class Failing extends Falling {
      override validationStep(): void {
        throw new RangeError('no');
      }
    }
    const failing = new Failing();
    const trainer = quietTrainer({ callbacks: [new WeightAveraging()], numSanityValSteps: 0 });
    await expect(trainer.fit(failing, { train: ones(2), val: ones(1) })).rejects.toThrow('no');
    near([failing.value], [0.8]);
  });

  it('writes the average as the weights, and resumes with both, bit for bit', async () => {
    const path = join(folder, 'averaged.ckpt');
    const whole = new Falling();
    await quietTrainer({ callbacks: [new WeightAveraging()] }).fit(whole, ones(6));
    const run = quietTrainer({ callbacks: [new WeightAveraging()] }).run(new Falling(), ones(6));
    await run.step(3);
    await run.next();
    await run.save(path);
    const loaded = await Falling.loadFromCheckpoint(path);
    near([loaded.value], [0.8]);
    const resumed = new Falling();
    await quietTrainer({ callbacks: [new WeightAveraging()] }).fit(resumed, ones(6), { ckptPath: path });
    expect(resumed.value).toBe(whole.value);
    near(resumed.after, [0.6, 0.5, 0.4]);
    await run.rewind(2);
    await run.finish();
    expect((run.module as Falling).value).toBe(whole.value);
  });
});

it.each([
  ['WeightAveraging', () => new WeightAveraging()],
  ['StochasticWeightAveraging', () => new StochasticWeightAveraging({ swaLrs: 0.1, swaEpochStart: 1 })],
])('%s averages the weights of a second fit by themselves', async (_, make) => {
  const [model, average] = [new Falling(), make()];
  const trainer = quietTrainer({ maxEpochs: 2, callbacks: [average] });
  await trainer.fit(model, ones(1));
  near([model.value], [0.85]); // of 0.9 and 0.8
  expect(average.averaged).toBe(2);
  await trainer.fit(model, ones(1), { epochs: 2 });
  near([model.value], [0.7]); // of 0.75 and 0.65
  expect(average.averaged).toBe(2);
});

describe('stochastic weight averaging', () => {
  const { called } = oracle('swa');
  class Rates extends Callback {
    readonly seen: number[] = [];
    override onTrainEpochEnd(trainer: Trainer): void {
      this.seen.push(trainer.optimizers[0]?.lr as number);
    }
  }

  // The peer folds in at epochs' beginnings, so that the last epoch's weights never count; here it is at their ends.
  it.each([
    ['swa.cos_start3_E8_ann3', 8, { swaEpochStart: 3, annealingEpochs: 3 }, 2],
    ['swa.linear_start3_E8_ann3', 8, { swaEpochStart: 3, annealingEpochs: 3, annealingStrategy: 'linear' }, 2],
    ['swa.linear_start0.5_E8_ann3', 8, { swaEpochStart: 0.5, annealingEpochs: 3, annealingStrategy: 'linear' }, 3],
    ['swa.defaults_E10', 10, {}, 7],
  ] as const)('%s', async (id, maxEpochs, options, start) => {
    const { expect: wanted } = called<
      unknown,
      { lr_per_epoch: number[]; w_after_epoch: number[]; n_averaged: number; swa_start: number }
    >(id);
    const swa = new StochasticWeightAveraging({ swaLrs: 0.05, ...options });
    const [model, rates] = [new Falling(), new Rates()];
    await quietTrainer({ maxEpochs, callbacks: [swa, rates] }).fit(model, ones(1));
    near(rates.seen, wanted.lr_per_epoch);
    near(model.after, wanted.w_after_epoch);
    expect([swa.averaged, swa.swaStart]).toEqual([wanted.n_averaged, wanted.swa_start]);
    const averaged = wanted.w_after_epoch.slice(start);
    near([model.value], [averaged.reduce((sum, w) => sum + w, 0) / averaged.length]);
  });

  it('swa.calls, swa.groups, swa.infinite: as often as there are epochs, group by group, without a limit of epochs', async () => {
    const { expect: calls } = called<unknown, { update_parameters_calls: number }>('swa.calls');
    const swa = new StochasticWeightAveraging({ swaLrs: 0.1, swaEpochStart: 2 });
    const trainer = quietTrainer({ maxEpochs: 5, accumulateGradBatches: 2, callbacks: [swa] });
    const { steps } = await trainer.fit(new OneWeight(), upTo(5));
    expect([swa.averaged, steps, trainer.limits.accumulateGradBatches]).toEqual([calls.update_parameters_calls, 15, 2]);

    const { given, expect: groups } = called<
      { 'param group lrs': number[]; swa_lrs: number[] },
      { 'at first swa epoch start': { lr: number[]; initial_lr: number[] } }
    >('swa.groups');
    let seen: unknown;
    class Two extends OneWeight {
      readonly v = new OneWeight().w;
      override configureOptimizers() {
        const [first, second] = given['param group lrs'] as [number, number];
        return new SGD([{ params: [this.w], lr: first }, { params: [this.v], lr: second }], { lr: 1 }); // prettier-ignore
      }
      override onTrainEpochStart(): void {
        const { paramGroups } = this.trainer.optimizers[0]!;
        seen ??= { lr: paramGroups.map(({ lr }) => lr), initial_lr: paramGroups.map(({ initialLr }) => initialLr) };
      }
    }
    const grouped = new StochasticWeightAveraging({ swaLrs: given.swa_lrs, swaEpochStart: 1 });
    await quietTrainer({ callbacks: [grouped] }).fit(new Two(), upTo(1));
    const { lr, initial_lr } = groups['at first swa epoch start'];
    expect(seen).toEqual({ lr, initial_lr });

    const endless = new StochasticWeightAveraging({ swaLrs: 0.1, swaEpochStart: 2 });
    const result = await quietTrainer({ maxEpochs: -1, maxSteps: 30, callbacks: [endless] }).fit(
      new OneWeight(),
      upTo(5),
    );
    expect(result.steps).toBe(30);
    expect(endless.averaged).toBeGreaterThan(0);
    const share = quietTrainer({
      maxEpochs: -1,
      maxSteps: 3,
      callbacks: [new StochasticWeightAveraging({ swaLrs: 1 })],
    });
    await expect(share.fit(new OneWeight(), upTo(1))).rejects.toThrow(/a limit of epochs/);
  });

  it("computes BatchNorm's statistics anew, without a step", async () => {
    class Normed extends OneWeight {
      readonly norm = tf.layers.batchNormalization({ inputShape: [1] });
      constructor() {
        super();
        this.norm.build([null, 1]);
      }
      override trainingStep(batch: tf.Tensor) {
        const y = this.norm.apply(tf.reshape(batch, [-1, 1]), { training: this.training }) as tf.Tensor;
        return tf.mean<tf.Scalar>(tf.mul(y, this.w.variable));
      }
    }
    const model = new Normed();
    const data = [tf.tensor1d([1, 3]), tf.tensor1d([5, 7])];
    const swa = new StochasticWeightAveraging({ swaLrs: 0.05, swaEpochStart: 1 });
    const { steps } = await quietTrainer({ maxEpochs: 2, callbacks: [swa] }).fit(model, data);
    expect(steps).toBe(4);
    const [mean] = model.norm.getWeights().slice(2);
    near([...(mean as tf.Tensor).dataSync()], [4]);
  });
});
