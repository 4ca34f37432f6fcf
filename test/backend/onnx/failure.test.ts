import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Module, parameter, SGD, Trainer } from 'strobe';
import { useBackend } from '../../../src/backend/index.js';
import type { OnnxBackend } from '../../../src/backend/onnx/index.js';

beforeEach(async () => {
  await useBackend('onnx');
  (tf.backend() as unknown as OnnxBackend).recorder.smallWork.mode = 'native';
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

  it.each(['native', 'javascript'] as const)(
    'is that of what depends on the kernel, and of nothing else (%s)',
    (work) => {
      (tf.backend() as unknown as OnnxBackend).recorder.smallWork.mode = work;
      const table = tf.tensor2d([
        [1, 2],
        [3, 4],
      ]);
      const before = tf.mul(table, 2);
      const rows = tf.gather(before, tf.tensor1d([0, 100], 'int32'));
      const far = tf.gather(table, tf.tensor1d([200, 0, 1], 'int32'));
      const beside = tf.add(before, 1);
      const after = tf.add(rows, tf.sum(beside));
      expect([...beside.dataSync()]).toEqual([3, 5, 7, 9]);
      expect([...before.dataSync()]).toEqual([2, 4, 6, 8]);
      for (const lost of [rows, after])
        expect(thrown(() => lost.dataSync())).toContain('float32[2,2] and int32[2] failed');
      expect(thrown(() => far.dataSync())).toContain('float32[2,2] and int32[3] failed');
    },
  );

  it('comes with the loss when it is one of the update, which is not taken over then', async () => {
    class Line extends Module {
      readonly table = parameter(
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      );
      override trainingStep([index]: [tf.Tensor1D]): tf.Scalar {
        const sum = tf.customGrad((x) => {
          const table = x as tf.Tensor2D;
          const gradFunc = (dy: tf.Tensor | tf.Tensor[]) => tf.mul(tf.gather(table, index), dy as tf.Tensor);
          return { value: tf.sum(table), gradFunc };
        });
        return sum(this.table.variable) as tf.Scalar;
      }
      override configureOptimizers(): SGD {
        return new SGD(this.parameters(), { lr: 0.1 });
      }
    }
    const model = new Line();
    const quiet = { logger: false, enableCheckpointing: false, enableProgressBar: false, enableModelSummary: false };
    const fit = (...index: number[]) =>
      new Trainer({ ...quiet, maxEpochs: 1 }).fit(model, [[tf.tensor1d(index, 'int32')]]);
    await expect(fit(0, 100)).rejects.toThrow('GatherV2');
    expect([...model.table.variable.dataSync()]).toEqual([1, 2, 3, 4]);
    await fit(0, 1);
    expect([...model.table.variable.dataSync()]).toEqual([0.9, 1.8, 2.7, 3.6].map(Math.fround));
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
