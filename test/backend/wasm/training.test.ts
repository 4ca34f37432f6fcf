import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { useBackend } from '../../../src/backend/index.js';

const { layers } = tfl;
const steps = 6;

let seed = 0;
const uniform = () => tfl.initializers.randomUniform({ minval: -0.3, maxval: 0.3, seed: (seed += 1) });

interface Case {
  model: () => tfl.Sequential;
  /** Inputs [batch, ...]. */
  x: () => tf.Tensor;
}

const images = () => tf.randomNormal([8, 10, 10, 2], 0, 1, 'float32', 11);
const classes = () => layers.dense({ units: 3, kernelInitializer: uniform() });
const head = () => [layers.flatten(), classes()];
const conv = (filters: number, kernelSize: number, more: Partial<Parameters<typeof layers.conv2d>[0]> = {}) =>
  layers.conv2d({ filters, kernelSize, kernelInitializer: uniform(), activation: 'relu', ...more });

const cases: Record<string, Case> = {
  dense: {
    x: () => tf.randomNormal([8, 5], 0, 1, 'float32', 11),
    model: () =>
      tfl.sequential({
        layers: [
          layers.dense({ inputShape: [5], units: 16, activation: 'relu', kernelInitializer: uniform() }),
          classes(),
        ],
      }),
  },
  'convolution and max pooling': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [
          conv(4, 3, { inputShape: [10, 10, 2] }),
          layers.maxPooling2d({ poolSize: 2 }),
          conv(6, 3, { padding: 'same', strides: 2 }),
          ...head(),
        ],
      }),
  },
  'convolutions that pass over pixels, average pooling': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [
          conv(4, 2, { inputShape: [10, 10, 2], strides: 3, padding: 'same' }),
          layers.averagePooling2d({ poolSize: 2, strides: 1 }),
          ...head(),
        ],
      }),
  },
  'depthwise and separable convolution': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [
          layers.depthwiseConv2d({
            inputShape: [10, 10, 2],
            kernelSize: 3,
            depthMultiplier: 2,
            depthwiseInitializer: uniform(),
          }),
          layers.separableConv2d({
            filters: 4,
            kernelSize: 3,
            depthwiseInitializer: uniform(),
            pointwiseInitializer: uniform(),
          }),
          ...head(),
        ],
      }),
  },
  'transposed convolution': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [
          layers.conv2dTranspose({
            inputShape: [10, 10, 2],
            filters: 3,
            kernelSize: 3,
            strides: 2,
            kernelInitializer: uniform(),
          }),
          ...head(),
        ],
      }),
  },
  'convolution over time': {
    x: () => tf.randomNormal([8, 12, 3], 0, 1, 'float32', 11),
    model: () =>
      tfl.sequential({
        layers: [
          layers.conv1d({ inputShape: [12, 3], filters: 4, kernelSize: 3, strides: 2, kernelInitializer: uniform() }),
          layers.maxPooling1d({ poolSize: 2 }),
          ...head(),
        ],
      }),
  },
  'batch normalisation': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [conv(4, 3, { inputShape: [10, 10, 2] }), layers.batchNormalization({ momentum: 0.5 }), ...head()],
      }),
  },
  'layer normalisation': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [conv(4, 3, { inputShape: [10, 10, 2] }), layers.layerNormalization({}), ...head()],
      }),
  },
  'dropout with a seed': {
    x: images,
    model: () =>
      tfl.sequential({
        layers: [conv(4, 3, { inputShape: [10, 10, 2] }), layers.dropout({ rate: 0.3, seed: 5 }), ...head()],
      }),
  },
  embedding: {
    x: () => tf.randomUniform([8, 6], 0, 12, 'int32', 11),
    model: () =>
      tfl.sequential({
        layers: [
          layers.embedding({ inputDim: 12, outputDim: 4, inputLength: 6, embeddingsInitializer: uniform() }),
          ...head(),
        ],
      }),
  },
  lstm: {
    x: () => tf.randomNormal([8, 6, 3], 0, 1, 'float32', 11),
    model: () =>
      tfl.sequential({
        layers: [
          layers.lstm({
            inputShape: [6, 3],
            units: 5,
            kernelInitializer: uniform(),
            recurrentInitializer: uniform(),
            returnSequences: true,
          }),
          layers.gru({ units: 5, kernelInitializer: uniform(), recurrentInitializer: uniform() }),
          classes(),
        ],
      }),
  },
};

/** The losses of a few steps of Adam, the prediction after them, and how many tensors each step left behind. */
async function train({ model: make, x: makeX }: Case, engine: 'cpu' | 'wasm') {
  await useBackend('cpu');
  seed = 0;
  const model = make();
  const x = makeX();
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3);
  await useBackend(engine);
  const optimizer = tf.train.adam(0.02);
  const losses: number[] = [];
  const counts: string[] = [];
  for (let i = 0; i < steps; i++) {
    tf.tidy(() => {
      const forward = () => tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor);
      losses.push(optimizer.minimize(forward as () => tf.Scalar, true)!.dataSync()[0]!);
    });
    const { numTensors, numDataBuffers } = tf.memory();
    counts.push(`${numTensors} tensors, ${numDataBuffers} buffers`);
  }
  const output = tf.tidy(() => [...(model.predict(x) as tf.Tensor).dataSync()]);
  model.dispose();
  optimizer.dispose();
  tf.dispose([x, labels]);
  return { losses, output, counts };
}

describe('a model trains on wasm as on cpu, loss for loss:', () => {
  it.each(Object.entries(cases))('%s', async (_, test) => {
    const cpu = await train(test, 'cpu');
    const wasm = await train(test, 'wasm');
    expect(cpu.losses.at(-1)!).toBeLessThan(cpu.losses[0]!);
    wasm.losses.forEach((loss, i) => expect(loss, `step ${i}`).toBeCloseTo(cpu.losses[i]!, 4));
    wasm.output.forEach((value, i) => expect(value, `output ${i}`).toBeCloseTo(cpu.output[i]!, 3));
    expect(new Set(wasm.counts.slice(1)).size, `a leak: ${wasm.counts.join('; ')}`).toBe(1);
  });
});
