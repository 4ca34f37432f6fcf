import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeModel } from '../../../src/backend/onnx/graph/proto.js';
import { type OnnxBackend, registerOnnxBackend } from '../../../src/backend/onnx/index.js';

beforeAll(async () => {
  registerOnnxBackend({ threads: 1 });
  await tf.setBackend('onnx');
  (tf.backend() as OnnxBackend).recorder.smallWork.mode = 'native';
});

const side = 300;
/** A product and its sum; the sum is all anybody reads. */
function work(x: tf.Tensor2D): number {
  const product = tf.matMul(x, x);
  const sum = tf.sum(product);
  const [value] = sum.dataSync();
  tf.dispose([product, sum]);
  return value as number;
}

describe('a native run', () => {
  it('writes results where they belong, and nothing is copied', () => {
    const x = tf.randomNormal<tf.Rank.R2>([side, side], 0, 1, 'float32', 1);
    const value = work(x);
    for (let i = 0; i < 5; i++) work(x);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20; i++) expect(work(x)).toBe(value);
    const copied = process.memoryUsage().arrayBuffers - before;
    expect(copied).toBeLessThan(4 * side * side);
  });

  it('shares the library with a program that uses it on its own, before and after', async () => {
    const port = { type: 'float32' as const, shape: [2] };
    const model = encodeModel({
      nodes: [{ name: 'twice', op: 'Add', domain: '', inputs: ['x', 'x'], outputs: ['y'], attributes: {} }],
      constants: [],
      inputs: [{ name: 'x', ...port }],
      outputs: [{ name: 'y', ...port }],
    });
    const session = await InferenceSession.create(model);
    const theirs = async () => (await session.run({ x: new Tensor('float32', [1, 2], [2]) }))['y']?.data;
    const x = tf.randomNormal<tf.Rank.R2>([side, side], 0, 1, 'float32', 2);
    const ours = work(x);
    expect(await theirs()).toEqual(Float32Array.of(2, 4));
    expect(work(x)).toBe(ours);
    expect(await theirs()).toEqual(Float32Array.of(2, 4));
  });
});
