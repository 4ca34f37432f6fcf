/**
 * `model.fit` of small tf.layers models on the onnx engine and on wasm, and how long a new model's first steps take:
 *
 *     npm run build && node --import tsx bench/small-models.ts
 *
 * The built package is measured, as users have it. Engines take turns; printed are medians of rounds, and of the ratios within a round.
 */
import * as tf from '@tensorflow/tfjs';
import { useBackend } from 'strobe';

const ROUNDS = 7;

interface Small {
  model: () => tf.LayersModel;
  input: number[];
  classes: number;
  samples: number;
  batch: number;
}

const dense = (...args: Parameters<typeof tf.layers.dense>) => tf.layers.dense(...args);
const models: Record<string, Small> = {
  'dense 4-10-3, batches of 16': {
    model: () =>
      tf.sequential({ layers: [dense({ units: 10, inputShape: [4], activation: 'relu' }), dense({ units: 3 })] }),
    input: [4],
    classes: 3,
    samples: 160,
    batch: 16,
  },
  'dense 20-32-10, batches of 32': {
    model: () =>
      tf.sequential({ layers: [dense({ units: 32, inputShape: [20], activation: 'relu' }), dense({ units: 10 })] }),
    input: [20],
    classes: 10,
    samples: 640,
    batch: 32,
  },
  'dense 784-32-10, batches of 32': {
    model: () =>
      tf.sequential({ layers: [dense({ units: 32, inputShape: [784], activation: 'relu' }), dense({ units: 10 })] }),
    input: [784],
    classes: 10,
    samples: 640,
    batch: 32,
  },
  'convolution 8x8x4, batches of 8': {
    model: () =>
      tf.sequential({
        layers: [
          tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1], activation: 'relu' }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.flatten(),
          dense({ units: 3 }),
        ],
      }),
    input: [8, 8, 1],
    classes: 3,
    samples: 80,
    batch: 8,
  },
};

/** Milliseconds of the first epoch's first batches, and of one epoch once it runs. */
async function measure({ model, input, classes, samples, batch }: Small): Promise<{ first: number; epoch: number }> {
  const x = tf.randomNormal([samples, ...input]);
  const y = tf.tidy(() => tf.oneHot(tf.cast(tf.randomUniform([samples], 0, classes), 'int32'), classes));
  const net = model();
  net.compile({ optimizer: tf.train.adam(), loss: 'categoricalCrossentropy' });
  let started = performance.now();
  await net.fit(tf.slice(x, 0, 2 * batch), tf.slice(y, 0, 2 * batch), { batchSize: batch, verbose: 0 });
  const first = performance.now() - started;
  await net.fit(x, y, { batchSize: batch, epochs: 2, verbose: 0 });
  started = performance.now();
  await net.fit(x, y, { batchSize: batch, epochs: 3, verbose: 0, yieldEvery: 'never' });
  const epoch = (performance.now() - started) / 3;
  tf.dispose([x, y]);
  net.dispose();
  return { first, epoch };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

for (const [name, small] of Object.entries(models)) {
  const engines = ['onnx', 'wasm'] as const;
  const results = { onnx: [] as { first: number; epoch: number }[], wasm: [] as { first: number; epoch: number }[] };
  for (let round = -1; round < ROUNDS; round++) {
    for (const engine of engines) {
      await useBackend(engine);
      const result = await measure(small);
      if (round >= 0 || engine === 'onnx') results[engine].push(result);
    }
  }
  const [cold] = results.onnx.splice(0, 1);
  const of = (engine: 'onnx' | 'wasm', what: 'first' | 'epoch') => median(results[engine].map((each) => each[what]));
  const ratio = median(results.onnx.map(({ epoch }, i) => (results.wasm[i]?.epoch ?? NaN) / epoch));
  console.log(
    `${name.padEnd(32)} epoch: onnx ${of('onnx', 'epoch').toFixed(1)} ms, wasm ${of('wasm', 'epoch').toFixed(1)} ms, ` +
      `x${ratio.toFixed(2)}; first two steps: ${cold?.first.toFixed(0)} ms new, ${of('onnx', 'first').toFixed(0)} ms again`,
  );
}
