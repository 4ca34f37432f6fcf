import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GradientAccumulationScheduler, type Limits } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

/** What JavaScript may do, and TypeScript would not let us. */
const loose = (limits: Limits) => limits as unknown as Record<string, unknown>;

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
