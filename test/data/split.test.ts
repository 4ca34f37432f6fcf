import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrayDataset, randomSplit, subset, TensorDataset, type Dataset } from '../../src/data/index.js';
import { ConfigurationError } from '../../src/errors.js';

const numbers = (n: number) => new ArrayDataset(Array.from({ length: n }, (_, i) => i));
const items = <T>(data: Dataset<T>) => Array.from({ length: data.length }, (_, i) => data.get(i));

test('a subset has the chosen examples in the chosen order', () => {
  expect(items(subset(numbers(5), [3, 0, 3]))).toEqual([3, 0, 3]);
  expect(subset(numbers(5), []).length).toBe(0);
});

test('a subset of a TensorDataset still makes a batch in one go', () => {
  tf.tidy(() => {
    const view = subset(new TensorDataset(tf.tensor1d([10, 11, 12, 13])), [3, 1, 2]);
    expect(view.getBatch?.(Int32Array.of(0, 2))[0].arraySync()).toEqual([13, 12]);
  });
});

test.each([[[5]], [[-1]], [[0.5]], [['1' as never]]])('a subset with indices %s is refused', (indices) => {
  expect(() => subset(numbers(5), indices)).toThrow(ConfigurationError);
});

test('the parts of a random split share no example and leave none out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), fc.nat(), (lengths, seed) => {
      const total = lengths.reduce((a, b) => a + b, 0);
      const parts = randomSplit(numbers(total), lengths, { seed });
      expect(parts.map((part) => part.length)).toEqual(lengths);
      expect(parts.flatMap(items).sort((a, b) => a - b)).toEqual(items(numbers(total)));
    }),
  );
});

test('the seed decides the split; without one it is the same in every process', () => {
  const split = (options?: { seed: number }) => randomSplit(numbers(50), [0.5, 0.5], options).map(items);
  expect(split({ seed: 1 })).toEqual(split({ seed: 1 }));
  expect(split({ seed: 1 })).not.toEqual(split({ seed: 2 }));
  expect(split()).toEqual(split({ seed: 0 }));
});

// From PyTorch: [len(part) for part in random_split(range(n), fractions)].
test.each([
  { n: 10, fractions: [0.8, 0.2], lengths: [8, 2] },
  { n: 10, fractions: [1 / 3, 1 / 3, 1 / 3], lengths: [4, 3, 3] },
  { n: 103, fractions: [0.7, 0.2, 0.1], lengths: [73, 20, 10] },
  { n: 100, fractions: [0.29, 0.71], lengths: [29, 71] },
  { n: 5, fractions: [1], lengths: [5] },
  { n: 1, fractions: [1], lengths: [1] },
])('$n examples at fractions $fractions', ({ n, fractions, lengths }) => {
  expect(randomSplit(numbers(n), fractions).map((part) => part.length)).toEqual(lengths);
});

test.each([[[5, 4]], [[0.5, 0.4]], [[-1, 11]], [[]], [[Number.NaN]]])('sizes %s of 10 are refused', (sizes) => {
  expect(() => randomSplit(numbers(10), sizes)).toThrow(ConfigurationError);
});
