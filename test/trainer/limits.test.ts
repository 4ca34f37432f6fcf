import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ArrayDataset,
  DataLoader,
  GradientAccumulationScheduler,
  scaleBatchSize,
  Timer,
  type Limits,
  type TrainerOptions,
} from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

/** What JavaScript may do, and TypeScript would not let us. */
const loose = (limits: Limits) => limits as unknown as Record<string, unknown>;

describe('the epochs of a fit that nobody has set', () => {
  it.each<[string, TrainerOptions, number]>([
    ['are 1000', {}, 1000],
    ['have no end where time has', { maxTime: { seconds: 1 } }, -1],
    [
      'have one where a Timer that only measures takes the place of maxTime',
      { maxTime: { seconds: 1 }, callbacks: [new Timer()] },
      1000,
    ],
  ])('%s', (_what, options, maxEpochs) => {
    expect(quietTrainer({ maxEpochs: undefined, ...options }).limits.maxEpochs).toBe(maxEpochs);
  });
});

describe('a limit that is set', () => {
  it.each<[string, unknown, RegExp]>([
    ['maxEpochs', 'x', /trainer\.limits: wrong value for maxEpochs[^]*expected: a number[^]*received: "x"[^]*to do/],
    ['maxEpochs', undefined, /maxEpochs[^]*received: undefined/],
    ['maxSteps', -2, /maxSteps[^]*at least -1[^]*received: -2/],
    ['maxSteps', undefined, /maxSteps[^]*received: undefined/],
    ['accumulateGradBatches', 0, /accumulateGradBatches[^]*at least 1[^]*received: 0/],
    ['limitTrainBatches', 1.5, /limitTrainBatches[^]*a whole number of batches, or a fraction[^]*received: 1.5/],
    ['valCheckInterval', 0, /valCheckInterval[^]*more than 0/],
    ['valCheckInterval', 'soon', /valCheckInterval[^]*received: "soon"/],
    ['gradientClipAlgorithm', 'l1', /gradientClipAlgorithm[^]*"norm" or "value"[^]*received: "l1"/],
    ['maxEpoch', 3, /there is no option maxEpoch\.[^]*expected: maxEpochs, minEpochs, [^]*received: maxEpoch\n/],
    ['seed', 3, /there is no option seed/],
  ])('%s = %s is refused, however it is set, and nothing changes', (name, value, message) => {
    const trainer = quietTrainer({ maxEpochs: 2, gradientClipVal: 0.5 });
    const before = { ...trainer.limits };
    expect(() => (loose(trainer.limits)[name] = value)).toThrow(message);
    expect(() => Object.assign(trainer.limits, { [name]: value })).toThrow(message);
    expect(() => Object.defineProperty(trainer.limits, name, { value })).toThrow(message);
    expect({ ...trainer.limits }).toStrictEqual(before);
  });

  it('to what its option may be is taken', async () => {
    const trainer = quietTrainer({ maxEpochs: 5 });
    trainer.limits.maxEpochs = 2;
    trainer.limits.limitTrainBatches = 0.5;
    trainer.limits.limitTrainBatches = undefined;
    trainer.limits.valCheckInterval = { minutes: 1 };
    trainer.limits.checkValEveryNEpoch = null;
    expect((await trainer.fit(new OneWeight(), upTo(3))).steps).toBe(6);
  });

  it('is taken away only where it may be left out', () => {
    const trainer = quietTrainer({ maxEpochs: 2, gradientClipVal: 0.5 });
    expect(() => delete loose(trainer.limits)['maxEpochs']).toThrow(/maxEpochs[^]*received: undefined/);
    expect(delete loose(trainer.limits)['gradientClipVal']).toBe(true);
    expect([trainer.limits.maxEpochs, trainer.limits.gradientClipVal]).toEqual([2, undefined]);
  });

  it('by a callback is checked, too', async () => {
    class Wrong extends GradientAccumulationScheduler {
      override getAccumulateGradBatches(): number {
        return 0;
      }
    }
    const trainer = quietTrainer({ callbacks: [new Wrong({ scheduling: { 0: 2 } })] });
    await expect(trainer.fit(new OneWeight(), upTo(2))).rejects.toThrow(/accumulateGradBatches[^]*received: 0/);
  });
});

describe('the limits', () => {
  it('are an object like any other: it spreads, compares and prints', () => {
    const { limits } = quietTrainer({ maxEpochs: 2 });
    const plain = { ...limits };
    expect(limits).toStrictEqual(plain);
    expect(isDeepStrictEqual(limits, plain)).toBe(true);
    expect(inspect(limits)).toBe(inspect(plain));
    expect(JSON.stringify(limits)).toBe(JSON.stringify(plain));
    expect(Object.entries(limits)).toEqual(Object.entries(plain));
  });
});

describe('a fit without an optimizer, whose steps are not counted,', () => {
  class Free extends OneWeight {
    trained = 0;
    override onTrainBatchEnd(): void {
      this.trained += 1;
      if (this.trained > 1000) throw new Error('it goes on and on');
    }
    override configureOptimizers(): null {
      return null;
    }
  }
  class Manual extends Free {
    override automaticOptimization = false;
  }
  const timer = () => new Timer({ duration: 20, verbose: false });

  it.each<[string, TrainerOptions, RegExp]>([
    ['maxSteps alone', { maxEpochs: undefined, maxSteps: 5 }, /maxSteps: 5, [^]*set maxEpochs or maxTime/],
    [
      'a Timer that waits for minSteps',
      { maxEpochs: -1, minSteps: 5, callbacks: [timer()] },
      /minSteps: 5[^]*set maxEpochs/,
    ],
    ['a Timer that only measures', { maxEpochs: -1, maxSteps: 5, callbacks: [new Timer()] }, /maxSteps: 5/],
  ])('is refused if it never ends: %s', async (_what, options, received) => {
    for (const model of [new Free(), new Manual()]) {
      const fitting = quietTrainer(options).fit(model, upTo(2));
      await expect(fitting).rejects.toThrow(/would never end: (Free|Manual) has no optimizer[^]*received/);
      await expect(fitting).rejects.toThrow(received);
      expect(model.trained).toBe(0);
    }
  });

  it.each<[string, TrainerOptions]>([
    ['after so many epochs', { maxEpochs: 2, maxSteps: 5 }],
    ['at once', { maxEpochs: -1, maxSteps: 0 }],
    ['when its time is up', { maxEpochs: undefined, maxSteps: 5, maxTime: 20 }],
    ['by a Timer of its own', { maxEpochs: -1, maxSteps: 5, callbacks: [timer()] }],
  ])('ends %s', async (_when, options) => {
    const { steps } = await quietTrainer(options).fit(new Free(), upTo(2));
    expect(steps).toBe(0);
  });

  it('is tried out as any other', async () => {
    class Sized extends Free {
      batchSize = 2;
      override trainDataloader() {
        return new DataLoader(new ArrayDataset([1, 2, 3, 4]), { batchSize: this.batchSize });
      }
    }
    expect(await scaleBatchSize(quietTrainer(), new Sized(), undefined, { maxTrials: 2 })).toBe(4);
  });
});
