import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildGraph } from '../../../src/backend/onnx/graph/build.js';
import { type OnnxBackend, registerOnnxBackend } from '../../../src/backend/onnx/index.js';
import { channelBlock } from '../../../src/backend/onnx/run/channel-block.js';
import { loadRuntime } from '../../../src/backend/onnx/runtime.js';

let backend: OnnxBackend;
beforeAll(async () => {
  registerOnnxBackend({ threads: 1 });
  await tf.setBackend('onnx');
  backend = tf.backend() as OnnxBackend;
});

/** Blocked convolutions in the graph of what is recorded, on a machine with such blocks. */
function blockedConvolutions(compute: () => tf.Tensor, block = 16): number {
  return tf.tidy(() => {
    backend.recorder.flush();
    compute();
    const { end, results } = backend.recorder.trace;
    const last = results.length - 1;
    const { model } = buildGraph(end.path(), [last], () => block);
    return (
      Buffer.from(model as Uint8Array)
        .toString('latin1')
        .split('ReorderOutput').length - 1
    );
  });
}

const image = (batch: number, side: number, channels: number) => tf.ones<tf.Rank.R4>([batch, side, side, channels]);
const filter = (size: number, from: number, to: number) => tf.ones<tf.Rank.R4>([size, size, from, to]);

describe('the blocks of channels', () => {
  it('are as wide as the processor computes', () => {
    const block = channelBlock(loadRuntime());
    expect([0, 8, 16]).toContain(block);
    if (process.arch === 'x64') expect(block).toBeGreaterThan(0);
  });
});

describe('a convolution', () => {
  it('is computed in blocks where its channels come in such', () => {
    expect(blockedConvolutions(() => tf.conv2d(image(2, 8, 16), filter(3, 16, 32), 1, 'same'))).toBe(1);
    expect(blockedConvolutions(() => tf.conv2d(image(2, 8, 3), filter(3, 3, 32), 1, 'same'))).toBe(0);
    expect(blockedConvolutions(() => tf.conv2d(image(2, 8, 16), filter(3, 16, 10), 1, 'same'))).toBe(0);
  });

  it('of single pixels is not: there is nothing to unfold', () => {
    expect(blockedConvolutions(() => tf.conv2d(image(2, 8, 16), filter(1, 16, 32), 1, 'same'))).toBe(0);
  });

  it('is not on a machine that has none', () => {
    const compute = () => tf.conv2d(image(2, 8, 16), filter(3, 16, 32), 1, 'same');
    expect(blockedConvolutions(compute, 0)).toBe(0);
  });
});

describe("a filter's gradient", () => {
  const gradient = (batch: number, side: number) => () => {
    const x = image(batch, side, 16);
    return tf.grad((f) => tf.sum(tf.conv2d(x, f as tf.Tensor4D, 1, 'valid')))(filter(3, 16, 32));
  };

  it('is computed in blocks of the batch while there are few pixels', () => {
    expect(blockedConvolutions(gradient(16, 10))).toBe(1);
    expect(blockedConvolutions(gradient(20, 10))).toBe(0);
    expect(blockedConvolutions(gradient(16, 20))).toBe(0);
  });
});
