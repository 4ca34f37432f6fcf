import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomSampler, SequentialSampler, WeightedRandomSampler, type Sampler } from '../../src/data/index.js';
import { ConfigurationError } from '../../src/errors.js';

const source = (length: number) => ({ length });
const ascending = (n: number) => Array.from({ length: n }, (_, i) => i);
const order = (sampler: Sampler, seed = 0, epoch = 0) => [...Int32Array.from(sampler.order(seed, epoch))];

test.each<[string, Sampler]>([
  ['RandomSampler', new RandomSampler(source(40))],
  ['RandomSampler with replacement', new RandomSampler(source(40), { replacement: true })],
  ['WeightedRandomSampler', new WeightedRandomSampler(ascending(40))],
  [
    'WeightedRandomSampler without replacement',
    new WeightedRandomSampler(ascending(41), { numSamples: 40, replacement: false }),
  ],
])('the order of a %s is a function of seed and epoch', (_name, sampler) => {
  expect(order(sampler, 1, 2)).toEqual(order(sampler, 1, 2));
  expect(order(sampler, 1, 2)).not.toEqual(order(sampler, 1, 3));
  expect(order(sampler, 1, 2)).not.toEqual(order(sampler, 2, 2));
  expect(order(sampler, 1, 2)).toHaveLength(sampler.length);
});

test('SequentialSampler goes from first to last', () => {
  expect(order(new SequentialSampler(source(4)))).toEqual([0, 1, 2, 3]);
});

describe('RandomSampler', () => {
  test('has every example once', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), fc.nat(), (n, seed, epoch) => {
        expect(order(new RandomSampler(source(n)), seed, epoch).sort((a, b) => a - b)).toEqual(ascending(n));
      }),
    );
  });

  test('numSamples without replacement has no example twice, with replacement may have more than there are', () => {
    expect(new Set(order(new RandomSampler(source(9), { numSamples: 5 }))).size).toBe(5);
    expect(order(new RandomSampler(source(3), { numSamples: 30, replacement: true }))).toHaveLength(30);
    expect(() => new RandomSampler(source(3), { numSamples: 4 })).toThrow(ConfigurationError);
  });
});

describe('WeightedRandomSampler', () => {
  test.each([true, false])('draws first in proportion to the weights (replacement: %s)', (replacement) => {
    const sampler = new WeightedRandomSampler([1, 0, 3, 6], { numSamples: 1, replacement });
    const counts = [0, 0, 0, 0];
    for (let epoch = 0; epoch < 10_000; epoch++) counts[order(sampler, 5, epoch)[0]!]! += 1;
    expect(counts[1]).toBe(0);
    for (const [i, expected] of [1000, 0, 3000, 6000].entries())
      expect(Math.abs(counts[i]! - expected)).toBeLessThan(200);
  });

  test('without replacement has no example twice and none of weight 0', () => {
    const sampler = new WeightedRandomSampler([1, 0, 1e-300, 1e300, 2], { numSamples: 4, replacement: false });
    for (let epoch = 0; epoch < 50; epoch++) {
      expect(order(sampler, 0, epoch).sort((a, b) => a - b)).toEqual([0, 2, 3, 4]);
    }
  });

  test.each([[[1, -1]], [[1, Number.NaN]], [[0, 0]], [[]], [[1, Infinity]]])('weights %s are refused', (weights) => {
    expect(() => new WeightedRandomSampler(weights)).toThrow(ConfigurationError);
  });

  test('more draws than positive weights need replacement', () => {
    expect(() => new WeightedRandomSampler([1, 0], { replacement: false })).toThrow(/replacement: true/);
    expect(() => new WeightedRandomSampler([1, 1], { numSamples: 0 })).toThrow(ConfigurationError);
  });
});
