import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { Adagrad, Adam, AdamW, RMSprop, SGD, type Optimizer } from '../../src/optim/index.js';
import { useBackend, type EngineChoice } from '../../src/backend/index.js';
import { Parameter } from '../../src/module/parameter.js';
import { runUpdate } from '../../src/optim/kernel.js';
import { adam } from '../../src/optim/adam.js';
import { setGradient, twoParameters, values } from './support.js';

/** An engine whose memory is out of reach: what it holds can only be read and uploaded. */
tf.registerBackend('remote', () => new MathBackendCPU());
tf.copyRegisteredKernels('cpu', 'remote');

const makers: (() => Optimizer)[] = [
  () => new SGD(twoParameters(), { lr: 0.1, momentum: 0.9, nesterov: true }),
  () => new Adam(twoParameters(), { lr: 0.1, amsgrad: true }),
  () => new AdamW(twoParameters(), { lr: 0.1, weightDecay: 0.3 }),
  () => new RMSprop(twoParameters(), { momentum: 0.9, centered: true }),
  () => new Adagrad(twoParameters(), { lr: 0.1, initialAccumulatorValue: 0.3 }),
];

/** Every optimizer's parameters after five steps. */
function fiveStepsOfEach(): number[][] {
  return makers.flatMap((make) => {
    const optimizer = make();
    for (let step = 0; step < 5; step++) {
      for (const p of optimizer.parameters()) setGradient(p, step);
      optimizer.step();
    }
    return optimizer.parameters().map(values);
  });
}

describe.each(['wasm', 'remote'])('on the %s engine', (name) => {
  test('updates are bit-identical to those on the cpu engine, and no tensor is left over', async () => {
    await tf.setBackend('cpu');
    const onCpu = fiveStepsOfEach();
    await tf.setBackend(name);
    expect(tf.getBackend()).toBe(name);
    expect(fiveStepsOfEach()).toEqual(onCpu);

    const optimizer = new Adam(twoParameters());
    for (const p of optimizer.parameters()) setGradient(p, 1);
    optimizer.step();
    const { numTensors, numDataBuffers } = tf.memory();
    optimizer.step();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  test('training goes on when the engine is changed under way', async () => {
    await tf.setBackend('cpu');
    const optimizer = new Adam(twoParameters());
    for (const p of optimizer.parameters()) setGradient(p, 1);
    optimizer.step();
    await tf.setBackend(name);
    optimizer.step();
    const moved = optimizer.parameters().map(values);

    await tf.setBackend('cpu');
    const straight = new Adam(twoParameters());
    for (const p of straight.parameters()) setGradient(p, 1);
    straight.step();
    straight.step();
    expect(moved).toEqual(straight.parameters().map(values));
  });
});

const halve = {
  ...adam,
  name: 'Halve',
  kernel: 'FusedHalve',
  update: (now: Record<string, Float32Array>, next: Record<string, Float32Array>) =>
    now['param']!.forEach((value, i) => (next['param']![i] = value / 2)),
} as unknown as Parameters<typeof runUpdate>[0];

test('an algorithm of its own is computed on every engine, also after a change of engines', async () => {
  for (const engine of ['cpu', 'onnx', 'wasm', 'onnx', 'cpu'] satisfies EngineChoice[]) {
    await useBackend(engine);
    tf.tidy(() => {
      const [next] = runUpdate(halve, { param: tf.tensor1d([2, 4]), grad: tf.tensor1d([0, 0]) }, {});
      expect([...next!.dataSync()]).toEqual([1, 2]);
    });
  }
});

test('a parameter without elements is updated to itself on every engine', async () => {
  for (const engine of ['onnx', 'wasm', 'cpu', 'onnx'] satisfies EngineChoice[]) {
    await useBackend(engine);
    const parameter = new Parameter(tf.variable(tf.zeros([0, 3])), 'empty');
    parameter.grad = tf.zeros([0, 3]);
    const optimizer = new Adam([parameter]);
    optimizer.step();
    expect(parameter.shape).toEqual([0, 3]);
    optimizer.dispose();
  }
});
