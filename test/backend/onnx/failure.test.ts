import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../../src/backend/index.js';
import type { OnnxBackend } from '../../../src/backend/onnx/index.js';

beforeAll(async () => {
  await useBackend('onnx');
  (tf.backend() as unknown as OnnxBackend).recorder.smallWork = 'native';
});

/** Everything that is recorded before is computed, so that a test has its trace to itself. */
afterEach(() => {
  tf.tidy(() => tf.add(tf.ones([2]), 1).dataSync());
});

const thrown = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return String(error);
  }
  return 'nothing was thrown';
};

describe('an error when recorded kernels are computed', () => {
  it('names the kernel, its inputs and the line that called it, and the engine works on', () => {
    const table = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const far = tf.tensor1d([0, 100], 'int32');
    const rows = tf.gather(table, far);
    const message = thrown(() => rows.dataSync());
    expect(message).toContain('The kernel GatherV2 on float32[2,2] and int32[2] failed');
    expect(message).toMatch(/recorded at .*failure\.test\.ts:\d+/);
    // Whoever asks again is told again; what does not depend on it is computed.
    expect(thrown(() => rows.dataSync())).toContain('GatherV2');
    expect([...tf.add(table, 1).dataSync()]).toEqual([2, 3, 4, 5]);
    expect(thrown(() => tf.add(rows, 1).dataSync())).toContain('GatherV2');
  });

  it('knows when memory has run out, for a result and in between', () => {
    const column = tf.ones([300_000, 1]);
    const row = tf.ones([1, 300_000]);
    const square = tf.matMul(column, row);
    expect(thrown(() => square.dataSync())).toMatch(
      /kernel \w*MatMul on [\s\S]*enough memory[\s\S]*out of memory[\s\S]*smaller batch/,
    );
    const sum = tf.tidy(() => tf.sum(tf.mul(tf.matMul(column, row), tf.matMul(column, row))));
    expect(thrown(() => sum.dataSync())).toMatch(/enough memory[\s\S]*out of memory[\s\S]*smaller batch/);
    expect(tf.sum(row).dataSync()[0]).toBe(300_000);
  });
});
