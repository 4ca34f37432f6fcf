/**
 * One training step of a two-layer CNN on MNIST-shaped batches, on the wasm engine: time per step, and where it goes.
 *
 *     npx tsx bench/wasm-cnn.ts
 */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { useBackend } from '../src/backend/index.js';

const steps = 60;

/** conv 5x5 - pool - conv 5x5 - pool - dense 10, without padding. */
function cnn(first: number, second: number): layers.Sequential {
  return layers.sequential({
    layers: [
      layers.layers.conv2d({ inputShape: [28, 28, 1], filters: first, kernelSize: 5, activation: 'relu' }),
      layers.layers.maxPooling2d({ poolSize: 2 }),
      layers.layers.conv2d({ filters: second, kernelSize: 5, activation: 'relu' }),
      layers.layers.maxPooling2d({ poolSize: 2 }),
      layers.layers.flatten(),
      layers.layers.dense({ units: 10 }),
    ],
  });
}

function makeStep(model: layers.Sequential, batch: number): () => void {
  const optimizer = tf.train.adam(1e-3);
  const x = tf.randomNormal([batch, 28, 28, 1]);
  const labels = tf.oneHot(tf.randomUniform([batch], 0, 10, 'int32'), 10);
  return () =>
    tf.tidy(() => {
      optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor));
    });
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function measure(step: () => void): number {
  for (let i = 0; i < 10; i++) step();
  const times: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    step();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Milliseconds per kernel in one step, the five largest. */
async function profile(step: () => void): Promise<string> {
  const { kernels } = await tf.profile(() => {
    step();
  });
  const total = new Map<string, number>();
  for (const { name, kernelTimeMs } of kernels) {
    total.set(name, (total.get(name) ?? 0) + Number(await kernelTimeMs));
  }
  const largest = [...total].toSorted(([, a], [, b]) => b - a).slice(0, 8);
  return largest.map(([name, ms]) => `${name} ${ms.toFixed(2)}`).join(', ');
}

console.log(await useBackend('wasm'));
for (const [first, second] of [
  [8, 16],
  [16, 32],
] as const) {
  for (const batch of [64, 128]) {
    const step = makeStep(cnn(first, second), batch);
    const ms = measure(step);
    const epoch = (60_000 / batch) * (ms / 1000);
    console.log(
      `conv ${first}-${second}, batch ${batch}: ${ms.toFixed(1)} ms a step, ${epoch.toFixed(1)} s for 60,000 images`,
    );
    console.log(`  kernels (ms): ${await profile(step)}`);
  }
}
