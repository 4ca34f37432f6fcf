import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultCollate } from '../../src/data/index.js';
import { DataError } from '../../src/errors.js';

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('defaultCollate', () => {
  test.each([
    { items: [1, 2], shape: [2], dtype: 'float32', values: [1, 2] },
    { items: [true, false], shape: [2], dtype: 'bool', values: [1, 0] },
    {
      items: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      shape: [3, 2],
      dtype: 'float32',
      values: [1, 2, 3, 4, 5, 6],
    },
    { items: [Float32Array.of(0.5), Float32Array.of(1.5)], shape: [2, 1], dtype: 'float32', values: [0.5, 1.5] },
    { items: [Uint8Array.of(255), Uint8Array.of(1)], shape: [2, 1], dtype: 'int32', values: [255, 1] },
    { items: [Int32Array.of(-7, 1)], shape: [1, 2], dtype: 'int32', values: [-7, 1] },
    { items: [Int32Array.of(1), [0.5]], shape: [2, 1], dtype: 'float32', values: [1, 0.5] },
  ])('$items become a $dtype tensor of shape $shape', ({ items, shape, dtype, values }) => {
    const batch = defaultCollate<unknown>(items) as unknown as tf.Tensor;
    expect([batch.shape, batch.dtype, [...batch.dataSync()]]).toEqual([shape, dtype, values]);
  });

  test('tensors are stacked', () => {
    const batch = defaultCollate([tf.ones([2, 3], 'int32'), tf.zeros([2, 3], 'int32')]);
    expect([batch.shape, batch.dtype]).toEqual([[2, 2, 3], 'int32']);
  });

  test('records and tuples are collated field by field', () => {
    const batch = defaultCollate([
      { pair: [[1, 2], 0] as [number[], number], name: 'a' },
      { pair: [[3, 4], 1] as [number[], number], name: 'b' },
    ]);
    expect(batch.pair[0].arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(batch.pair[1].arraySync()).toEqual([0, 1]);
    expect(batch.name).toEqual(['a', 'b']);
  });

  test('other values stay as they are', () => {
    const dates = [new Date(0), null];
    expect(defaultCollate<unknown>(dates)).toEqual(dates);
  });

  test.each<[string, unknown[], RegExp]>([
    ['of different kinds', [1, 'a'], /numbers[^]*"a" at place 1/],
    ['of different lengths', [{ x: [1, 2] }, { x: [1] }], /field x of the examples[^]*length 1 at place 1/],
    ['of different fields', [{ x: 1 }, { y: 1 }], /fields y at place 1/],
    ['tuples of different lengths', [['a'], ['a', 'b']], /length 2 at place 1/],
  ])('examples %s are refused', (_name, items, message) => {
    expect(() => defaultCollate(items)).toThrow(DataError);
    expect(() => defaultCollate(items)).toThrow(message);
  });

  test('tensors of different shapes are refused', () => {
    expect(() => defaultCollate([tf.zeros([2]), tf.zeros([3])])).toThrow(/shape \[3\] at place 1/);
  });
});
