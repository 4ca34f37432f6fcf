import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Adam, parameter, useBackend } from 'strobe';
import type { OnnxBackend } from '../../../src/backend/onnx/index.js';

beforeAll(() => useBackend('onnx'));
afterAll(() => tf.disposeVariables());

const backend = () => tf.backend() as unknown as OnnxBackend;
const counted = (rows: number, columns: number) =>
  tf.tensor2d(
    Float32Array.from({ length: rows * columns }, (_, i) => i),
    [rows, columns],
  );
/** Whoever takes arrays that are free gets them now. */
const overwrite = (size: number) =>
  tf.tidy(() => void Array.from({ length: 20 }, () => tf.tensor1d(new Float32Array(size).fill(-7))));

/** A parameter, and steps that take it somewhere. */
function trained() {
  const initial = tf.randomNormal([60, 50], 0, 1, 'float32', 1);
  const weights = parameter(initial);
  initial.dispose();
  const optimizer = new Adam([weights], { lr: 0.1 });
  const step = (count: number) => {
    for (let i = 0; i < count; i++) {
      weights.grad = tf.mul(weights.variable, 2);
      optimizer.step();
    }
  };
  step(3);
  weights.variable.dataSync();
  return { weights, optimizer, step };
}

describe('values of the onnx engine belong to their tensors', () => {
  it.each([
    ['a slice', (x: tf.Tensor2D) => tf.slice(x, [2, 0], [3, 20])],
    ['a row', (x: tf.Tensor2D) => tf.unstack(x)[2] as tf.Tensor],
    ['a part', (x: tf.Tensor2D) => tf.split(x, 4)[1] as tf.Tensor],
  ])('%s outlives what it was cut from', (_, cut) => {
    const x = counted(20, 20);
    const part = cut(x);
    const values = [...part.dataSync()];
    x.dispose();
    overwrite(400);
    expect([...part.dataSync()]).toEqual(values);
    part.dispose();
  });

  it('a slice of a parameter outlives the steps that follow', () => {
    const { weights, step } = trained();
    const row = tf.slice(weights.variable, [7, 0], [1, 50]);
    const values = [...row.dataSync()];
    step(4);
    row.dispose();
    const others = [8, 9].map((i) => tf.slice(weights.variable, [i, 0], [1, 50]));
    const before = others.map((other) => [...other.dataSync()]);
    step(100);
    expect(others.map((other) => [...other.dataSync()])).toEqual(before);
    expect(values).not.toEqual(before[0]);
    tf.dispose(others);
  });

  it.each([
    ['written', () => counted(30, 30)],
    ['computed', () => tf.tidy(() => tf.mul(tf.ones([300, 300]), 3))],
    ['trained', () => tf.clone(trained().weights.variable)],
  ])('who reads %s values may do with them what he likes', async (_, make) => {
    const x = make();
    const values = [...x.dataSync()];
    x.dataSync().fill(-1);
    for (const read of [await x.data(), x.dataSync()])
      structuredClone(read, { transfer: [read.buffer as ArrayBuffer] });
    expect([...x.dataSync()]).toEqual(values);
    expect([...tf.tidy(() => tf.add(x, 0).dataSync())]).toEqual(values);
    x.dispose();
  });

  it('they go to another engine, and come back to where they can be computed with and disposed', async () => {
    const { numDataBuffers } = tf.memory();
    const held = backend().numDataIds();
    const { weights, optimizer, step } = trained();
    const kept = tf.clone(weights.variable);
    const values = [...kept.dataSync()];
    for (let i = 0; i < 2; i++) {
      await useBackend('wasm');
      step(2);
      expect([...tf.tidy(() => tf.add(kept, 0).dataSync())]).toEqual(values);
      await useBackend('onnx');
      expect([...tf.tidy(() => tf.add(kept, 0).dataSync())]).toEqual(values);
      step(40);
      expect([...kept.dataSync()]).toEqual(values);
    }
    weights.grad = null;
    optimizer.dispose();
    tf.dispose([kept, weights.variable]);
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
    expect(backend().numDataIds()).toBe(held);
  });
});
