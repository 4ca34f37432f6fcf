import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { useBackend } from '../../../src/backend/index.js';
import type { OnnxBackend } from '../../../src/backend/onnx/index.js';

async function onBoth(compute: () => tf.Tensor): Promise<{ cpu: number[]; onnx: number[] }> {
  const values = async (engine: 'cpu' | 'onnx') => {
    await useBackend(engine);
    if (engine === 'onnx') (tf.backend() as unknown as OnnxBackend).recorder.smallWork.mode = 'native';
    return tf.tidy(() => [...compute().dataSync()]);
  };
  return { cpu: await values('cpu'), onnx: await values('onnx') };
}

/** What docs/engines.md lists as known differences. A test that fails here means the list is to be changed. */
describe('the onnx engine differs from the cpu backend', () => {
  it('in what a float that int32 cannot hold becomes', async () => {
    const { cpu, onnx } = await onBoth(() => tf.cast(tf.tensor1d([3e9, -3e9, 2.7, -2.7]), 'int32'));
    expect(cpu).toEqual([-1294967296, 1294967296, 2, -2]);
    expect(onnx).not.toEqual(cpu);
    expect(onnx.slice(2)).toEqual([2, -2]);
  });

  it("in ReLU's gradient, which is 0 where the input is not above 0, also for a NaN that comes back", async () => {
    const { cpu, onnx } = await onBoth(() =>
      tf.grad((x) => tf.relu(x))(tf.tensor1d([1, -1, 2]), tf.tensor1d([NaN, NaN, 3])),
    );
    expect(cpu).toEqual([NaN, NaN, 3]);
    expect(onnx).toEqual([NaN, 0, 3]);
  });

  it('in erf, which cpu approximates to seven digits', async () => {
    const { cpu, onnx } = await onBoth(() => tf.erf(tf.tensor1d([0.1, 0.5, 1])));
    // Abramowitz and Stegun, Handbook of Mathematical Functions, table 7.1
    const exact = [0.112462916, 0.5204998778, 0.8427007929];
    const error = (values: number[]) => Math.max(...values.map((value, i) => Math.abs(value - (exact[i] as number))));
    expect(error(onnx)).toBeLessThan(6e-8);
    expect(error(cpu)).toBeGreaterThan(1e-7);
  });

  it('in the order of sums, and so in the last bits', async () => {
    const { cpu, onnx } = await onBoth(() => tf.sum(tf.randomUniform([10_000], 0, 1, 'float32', 1)));
    expect(onnx).not.toEqual(cpu);
    expect(Math.abs(onnx[0]! / cpu[0]! - 1)).toBeLessThan(1e-6);
  });

  it('in the gradient of nearest-neighbour resizing of several images, which cpu takes from the wrong image', async () => {
    // As many numbers go back to a pixel as came from it; here each of the four, for both images.
    const { cpu, onnx } = await onBoth(() =>
      tf.grad((x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2, 2]))(
        tf.ones<tf.Rank.R4>([2, 1, 1, 1]),
        tf.tensor4d([1, 2, 3, 4, 10, 20, 30, 40], [2, 2, 2, 1]),
      ),
    );
    expect(onnx).toEqual([10, 100]);
    expect(cpu).not.toEqual(onnx);
  });

  it('in that this gradient ends for one row of pixels with aligned corners, however small it is', async () => {
    await useBackend('onnx');
    (tf.backend() as unknown as OnnxBackend).recorder.smallWork.mode = 'javascript';
    const resized = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [3, 1], true);
    expect([
      ...tf
        .grad(resized)(tf.ones([1, 1, 1, 1]), tf.ones([1, 3, 1, 1]))
        .dataSync(),
    ]).toEqual([3]);
  });

  it('in the gradient of 3D max pooling with windows that are higher than wide, which cpu hands to the wrong element', async () => {
    const x = [1, 2, 5, 3, 4, 0];
    const { cpu, onnx } = await onBoth(() =>
      tf.grad((t) => tf.maxPool3d(t as tf.Tensor5D, [1, 3, 2], [1, 3, 2], 'valid'))(
        tf.tensor5d(x, [1, 1, 3, 2, 1]),
        tf.tensor5d([7], [1, 1, 1, 1, 1]),
      ),
    );
    expect(onnx).toEqual([0, 0, 7, 0, 0, 0]);
    expect(cpu).toEqual([0, 0, 0, 7, 0, 0]);
  });
});
