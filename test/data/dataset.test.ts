import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArrayDataset, TensorDataset } from '../../src/data/index.js';
import { DataError } from '../../src/errors.js';

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const x = () => tf.tensor2d([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]);
const y = () => tf.tensor1d([10, 11, 12, 13], 'int32');

/** Names of the kernels that run in `f`. */
function kernels(f: () => void): string[] {
  const names: string[] = [];
  const run = tf.engine().runKernel.bind(tf.engine());
  tf.engine().runKernel = ((name: string, ...rest: [never, never]) => {
    names.push(name);
    return run(name, ...rest);
  }) as never;
  try {
    f();
  } finally {
    tf.engine().runKernel = run;
  }
  return names;
}

describe('TensorDataset', () => {
  test('batches have the structure the tensors were given in', () => {
    const some = Int32Array.of(0, 2);
    const [bx, by] = new TensorDataset(x(), y()).getBatch(some);
    expect([bx.arraySync(), by.arraySync()]).toEqual([
      [
        [0, 1],
        [4, 5],
      ],
      [10, 12],
    ]);
    expect(new TensorDataset([x(), y()]).getBatch(some)).toHaveLength(2);
    expect(new TensorDataset(y()).getBatch(some).map((tensor) => tensor.dtype)).toEqual(['int32']);
    const named = new TensorDataset({ image: x(), label: y() }).getBatch(some);
    expect(named.label.arraySync()).toEqual([10, 12]);
    expect(named.image.shape).toEqual([2, 2]);
  });

  test('an example loses axis 0', () => {
    const [ex, ey] = new TensorDataset(x(), y()).get(2);
    expect([ex.arraySync(), ey.arraySync()]).toEqual([[4, 5], 12]);
  });

  test('a batch is one operation per tensor: a slice where examples follow each other, else a gather', () => {
    const data = new TensorDataset(x(), y());
    expect(kernels(() => data.getBatch(Int32Array.of(1, 2, 3)))).toEqual(['Slice', 'Slice']);
    expect(kernels(() => data.getBatch(Int32Array.of(3, 1)))).toEqual(['GatherV2', 'GatherV2']);
  });

  test('nothing but the batch is left behind', () => {
    const data = new TensorDataset(x(), y());
    const before = tf.memory().numTensors;
    tf.dispose([data.getBatch(Int32Array.of(3, 1)), data.getBatch(Int32Array.of(0, 1)), data.get(0)]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('tensors of different lengths, scalars and nothing are refused', () => {
    expect(() => new TensorDataset(x(), tf.tensor1d([1, 2, 3]))).toThrow(/expected: 4 along axis 0[^]*shape \[3\]/);
    expect(() => new TensorDataset(tf.scalar(1))).toThrow(DataError);
    expect(() => new TensorDataset([])).toThrow(DataError);
    expect(() => new TensorDataset({})).toThrow(/at least one tensor/);
    expect(() => new TensorDataset([1, 2] as never)).toThrow(DataError);
    expect(() => new TensorDataset(undefined as never)).toThrow(DataError);
  });
});

test('an ArrayDataset gives its items', () => {
  const data = new ArrayDataset([{ a: 1 }, { a: 2 }]);
  expect([data.length, data.get(1).a]).toEqual([2, 2]);
  expect(() => new ArrayDataset(new Set([1]) as never)).toThrow(DataError);
});
