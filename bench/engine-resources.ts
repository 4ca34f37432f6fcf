/**
 * What the onnx engine holds on to: memory over many steps and many graphs, threads, and the processor while nothing is done.
 *
 *     node --expose-gc --import tsx --conditions strobe-source bench/engine-resources.ts
 */
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { Adam, Module, Trainer, useBackend } from 'strobe';
import type { OnnxBackend } from '../src/backend/onnx/index.js';
import { subjects } from './models.js';

const quiet = {
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
} as const;

/** Mebibytes this process has in memory once garbage is collected, and threads of the system. */
function held(): string {
  globalThis.gc?.();
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').length : NaN;
  const { rss, arrayBuffers } = process.memoryUsage();
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const { sessions, trace } = (tf.backend() as unknown as OnnxBackend).recorder;
  return `${mib(rss)}, arrays ${mib(arrayBuffers)}, ${tf.memory().numTensors} tensors, ${sessions.size} sessions, ${trace.size} nodes, ${threads} threads`;
}

async function idle(seconds: number): Promise<string> {
  const before = process.cpuUsage();
  await setTimeout(1000 * seconds);
  const { user, system } = process.cpuUsage(before);
  return `${((user + system) / 1e4 / seconds).toFixed(1)} % of a processor`;
}

class Small extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({ units: 256, inputShape: [64], activation: 'relu' }),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 10 }),
    ],
  });
  override trainingStep([x, y]: tf.Tensor[]): tf.Scalar {
    const logits = this.net.apply(x as tf.Tensor, { training: true }) as tf.Tensor;
    const loss: tf.Scalar = tf.losses.softmaxCrossEntropy(tf.oneHot(y as tf.Tensor1D, 10), logits);
    this.log('loss', loss);
    return loss;
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters(), { lr: 1e-3 });
  }
}

await useBackend('onnx');
console.log(`at the start       ${held()}`);
tf.tidy(() => {
  for (let i = 1; i <= 200; i++) tf.mean(tf.mul(tf.ones([40, i]), 2), 0).dataSync();
});
console.log(`200 tiny graphs    ${held()}`);

const small = new Small();
for (let round = 1; round <= 3; round++) {
  const batches = Array.from({ length: 200 }, (_, i) => [tf.ones([8 + i, 64]), tf.zeros([8 + i], 'int32')]);
  const trainer = new Trainer({ ...quiet, maxEpochs: 1 });
  await trainer.fit(small, batches);
  trainer.dispose();
  tf.dispose(batches);
  console.log(`200 graphs, ${round}      ${held()}`);
}

const { module, batch } = subjects['mlp']!();
const trainer = new Trainer({ ...quiet, maxEpochs: 1, maxSteps: 10_000 });
const run = trainer.run(
  module,
  Array.from({ length: 10_000 }, () => batch),
);
for (let step = 1000; step <= 10_000; step += 1000) {
  await run.step(1000);
  console.log(`${String(step).padStart(6)} steps       ${held()}`);
}
console.log(`waiting            ${await idle(5)}`);
await run.finish();
console.log(`after the run      ${await idle(5)}, ${held()}`);
