import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isOutOfMemory, useBackend } from '../../src/backend/index.js';

const thrownBy = (f: () => unknown): unknown => {
  try {
    f();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('isOutOfMemory', () => {
  it.each(['cpu', 'wasm', 'onnx'] as const)(
    'knows it on %s, for a kernel and for data, and the engine works on',
    async (engine) => {
      await useBackend(engine);
      const product = () => tf.tidy(() => tf.matMul(tf.ones([300_000, 1]), tf.ones([1, 300_000])).dataSync());
      expect(isOutOfMemory(thrownBy(product))).toBe(true);
      expect(isOutOfMemory(thrownBy(() => tf.zeros([300_000, 300_000])))).toBe(true);
      expect(tf.tidy(() => [...tf.matMul(tf.ones([2, 3]), tf.ones([3, 1])).dataSync()])).toEqual([3, 3]);
    },
  );

  it.each([
    ['an array of JavaScript', () => new ArrayBuffer(2 ** 52)],
    ['an array of numbers', () => new Float32Array(2 ** 40)],
  ])('knows it for %s', (_, allocate) => {
    const error = thrownBy(allocate);
    expect(error).toBeInstanceOf(Error);
    expect(isOutOfMemory(error)).toBe(true);
  });

  it.each([
    'std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 360000000000',
    'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[300000,300000]',
    'Invalid TF_Status: 8\nMessage: failed to query event: CUDA_ERROR_OUT_OF_MEMORY: out of memory',
    'Aborted(Cannot enlarge memory arrays to size 4294967296 bytes (OOM))',
  ])('knows what a native library says: %s', (message) => {
    expect(isOutOfMemory(new Error(message))).toBe(true);
    expect(isOutOfMemory(new Error('the step failed', { cause: new Error(message) }))).toBe(true);
  });

  it.each([
    new RangeError('Invalid typed array length: -1'),
    new RangeError('Invalid array length'),
    new Error('Invalid TF_Status: 3\nMessage: Incompatible shapes: [2] vs. [3]'),
    new TypeError('Out of bounds'),
    'out of memory',
    undefined,
  ])('takes nothing else for it: %s', (error) => {
    expect(isOutOfMemory(error)).toBe(false);
  });
});
