import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Adam, LRFinderResult, lrFind, SGD, StepLR, type OptimizerConfig } from 'strobe';
import { gradient } from '../../src/tuner/lr-suggestions.js';
import { oracle } from '../support/oracle.js';
import { numbers, OneWeight, quietTrainer, upTo } from '../support/quiet.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { called } = oracle('lr_finder');
const ones = (n: number) => numbers(...Array.from({ length: n }, () => 1));

/** Gives the losses it is told to, one after the other. */
class Scripted extends OneWeight {
  constructor(readonly losses: readonly number[]) {
    super();
  }
  override trainingStep(_batch: tf.Tensor, batchIdx: number) {
    const loss = this.losses[batchIdx % this.losses.length] as number;
    return tf.add<tf.Scalar>(tf.mul(this.w.variable, 0), loss);
  }
}

describe('the sweep', () => {
  it.each([
    ['lrf.lrs.exponential_1e-3_1_10', 'exponential', (i: number) => 1e-3 * 1000 ** (i / 9)],
    ['lrf.lrs.linear_1e-3_1_10', 'linear', (i: number) => 1e-3 + (i / 9) * 0.999],
  ] as const)('%s: from end to end, leaving out no point as the peer does', async (id, mode, wanted) => {
    const { given, expect: peer } = called<{ num_training: number }, { lr: number[] }>(id);
    const options = { minLr: 1e-3, maxLr: 1, numTraining: given.num_training, mode };
    const { lrs, losses } = await lrFind(quietTrainer(), new OneWeight(), ones(4), options);
    expect(lrs).toHaveLength(given.num_training);
    lrs.forEach((lr, i) => expect(lr).toBeCloseTo(wanted(i), 10));
    expect([lrs[0], lrs.at(-1)]).toEqual([peer.lr[0], peer.lr.at(-1)]);
    expect(losses[0]).toBeCloseTo(1, 6);
  });

  it('lrf.smooth: losses are smoothed without a bias', async () => {
    const { given } = called<{ raw_losses: number[] }, unknown>('lrf.smooth');
    const raw = given.raw_losses;
    const options = { numTraining: raw.length, earlyStopThreshold: null };
    const { losses } = await lrFind(quietTrainer(), new Scripted(raw), ones(raw.length), options);
    let average = 0;
    raw.forEach((loss, i) => {
      average = 0.98 * average + 0.02 * loss;
      expect(losses[i]).toBeCloseTo(average / (1 - 0.98 ** (i + 1)), 4);
    });
    expect(losses[0]).toBeCloseTo(4, 6);
  });

  it('lrf.early_stop: ends when the loss has grown by the threshold', async () => {
    const { given } = called<{ raw_losses: number[]; threshold: number }, unknown>('lrf.early_stop');
    const raw = given.raw_losses;
    const trainer = quietTrainer();
    const sweep = (earlyStopThreshold: number | null) =>
      lrFind(trainer, new Scripted(raw), ones(raw.length), { numTraining: raw.length, earlyStopThreshold });
    const all = await sweep(null);
    const least = (n: number) => Math.min(...all.losses.slice(0, n));
    const end = all.losses.findIndex((loss, i) => i > 0 && loss > given.threshold * least(i));
    const { losses } = await sweep(given.threshold);
    expect(losses).toHaveLength(end === -1 ? raw.length : end + 1);
    expect(losses.length).toBeGreaterThanOrEqual(10);
  });

  it('lrf.errors: refuses several optimizers, and options out of range', async () => {
    class Two extends OneWeight {
      constructor() {
        super();
        this.automaticOptimization = false;
      }
      override configureOptimizers(): OptimizerConfig {
        return [new SGD([this.w], { lr: 1 }), new SGD([this.w], { lr: 1 })];
      }
    }
    await expect(lrFind(quietTrainer(), new Two(), ones(2))).rejects.toThrow(/only works with single optimizer/);
    await expect(lrFind(quietTrainer(), new OneWeight(), ones(2), { numTraining: 1 })).rejects.toThrow(/numTraining/);
  });
});

describe('a suggestion', () => {
  it('lrf.gradient: goes by slopes over uneven spacing', () => {
    const { given, expect: wanted } = called<{ x: number[]; y: number[] }, { gradient: number[] }>('lrf.gradient');
    gradient(given.x, given.y).forEach((slope, i) => expect(slope).toBeCloseTo(wanted.gradient[i] as number, 10));
  });

  it('lrf.few: needs two finite losses; lrf.sug.nonfinite passes over the others', () => {
    const of = (losses: number[]) => new LRFinderResult(losses.map((_, i) => i + 1), losses); // prettier-ignore
    expect(of([]).suggestion({ skipBegin: 0, skipEnd: 0 })).toBeUndefined();
    expect(of([0, 1, 2]).suggestion({ skipBegin: 0, skipEnd: 1 })).toBeDefined();
    expect(of([0, 1, 2]).suggestion({ skipBegin: 1, skipEnd: 1 })).toBeUndefined();
    const gaps = of([5, NaN, 3, Infinity, 1, 0.5]);
    expect(gaps.losses[gaps.lrs.indexOf(gaps.suggestion({ skipBegin: 0 }) as number)]).toBeLessThan(Infinity);
    // All values are kept when none is to be skipped at the end: the peer's slice would be empty.
    expect(of([3, 2, 1]).suggestion({ skipBegin: 0, skipEnd: 0 })).toBeDefined();
  });

  it('lies in the fall of the curve, by every method, and the result shows itself', () => {
    const lrs = Array.from({ length: 100 }, (_, i) => 1e-6 * 10 ** (i / 14));
    const losses = lrs.map((lr) => 2 / (1 + (lr / 1e-3) ** 2) + Math.max(0, lr - 0.5) * 30 + 0.1);
    const result = new LRFinderResult(lrs, losses);
    const { steepest, valley, minimum } = result.suggestions;
    expect(steepest).toBeGreaterThan(3e-4);
    expect(steepest).toBeLessThan(3e-3);
    for (const lr of [valley, minimum]) expect(lr).toBeGreaterThan(1e-5);
    const bundle = result.plot()[Symbol.for('Jupyter.display') as never] as () => Record<string, unknown>;
    expect(Object.keys(bundle.call(result.plot()))).toContain('text/plain');
  });
});

describe('afterwards', () => {
  class Rich extends OneWeight {
    steps = 0;
    override trainingStep(batch: tf.Tensor, batchIdx: number) {
      this.steps += 1;
      return tf.mean<tf.Scalar>(tf.square(tf.sub(tf.mul(batch, this.w.variable), batchIdx)));
    }
    override configureOptimizers(): OptimizerConfig {
      const optimizer = new Adam(this.parameters(), { lr: 0.1 });
      return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1 }) };
    }
  }

  it('all is as it was, and the fit goes as it would have gone', async () => {
    const whole = new Rich();
    await quietTrainer({ maxEpochs: 2 }).fit(whole, upTo(3));

    const model = new Rich();
    const trainer = quietTrainer({ maxEpochs: 2 });
    const before = tf.memory().numTensors;
    const first = await lrFind(trainer, model, upTo(3), { numTraining: 30 });
    expect([model.value, model.steps, model.w.grad, model.w.requiresGrad]).toEqual([1, 0, null, true]);
    expect([trainer.globalStep, trainer.currentEpoch, trainer.callbackMetrics]).toEqual([0, 0, {}]);
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(3); // The batches that upTo has made.
    expect(await lrFind(trainer, model, upTo(3), { numTraining: 30 })).toEqual(first);
    await trainer.fit(model, upTo(3));
    expect(model.value).toBe(whole.value);
  });

  it('a run that was paused goes on as if nothing had been', async () => {
    const whole = new Rich();
    await quietTrainer({ maxEpochs: 2 }).fit(whole, upTo(3));
    const model = new Rich();
    const trainer = quietTrainer({ maxEpochs: 2 });
    const run = trainer.run(model, upTo(3));
    await run.step(2);
    await lrFind(trainer, model, upTo(3), { numTraining: 20 });
    expect(run.position.globalStep).toBe(2);
    await run.finish();
    expect((run.module as Rich).value).toBe(whole.value);
  });
});
