/**
 * One training step of a two-layer CNN on MNIST-shaped batches, on the wasm engine: time per step, and where it goes.
 *
 *     npx tsx bench/wasm-cnn.ts
 */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { useBackend } from '../src/backend/index.js';

const warmUp = 10;
const rounds = 60;

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

/** A training step with Adam, and the forward pass alone to compare it with. */
function makeSteps(model: layers.Sequential, batch: number): { step: () => void; forward: () => void } {
  const optimizer = tf.train.adam(1e-3);
  const x = tf.randomNormal([batch, 28, 28, 1]);
  const labels = tf.oneHot(tf.randomUniform([batch], 0, 10, 'int32'), 10);
  const loss = () =>
    tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  return {
    step: () => tf.tidy(() => void optimizer.minimize(loss)),
    forward: () => tf.tidy(() => void loss()),
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** The median milliseconds of each, measured in turn so that the machine's other work hits all alike. */
function measure(functions: (() => void)[]): number[] {
  const times = functions.map((): number[] => []);
  for (let i = -warmUp; i < rounds; i++) {
    functions.forEach((run, index) => {
      const start = performance.now();
      run();
      if (i >= 0) times[index]!.push(performance.now() - start);
    });
  }
  return times.map(median);
}

/** Milliseconds per kernel in one step, the eight largest. */
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
    const { step, forward } = makeSteps(cnn(first, second), batch);
    const [stepMs, forwardMs] = measure([step, forward]) as [number, number];
    const epoch = (60_000 / batch) * (stepMs / 1000);
    console.log(
      `conv ${first}-${second}, batch ${batch}: ${stepMs.toFixed(1)} ms a step,`,
      `${(stepMs / forwardMs).toFixed(1)} x its forward pass; ${epoch.toFixed(1)} s for 60,000 images`,
    );
    console.log(`  kernels (ms, with those they call): ${await profile(step)}`);
  }
}
