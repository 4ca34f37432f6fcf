/**
 * What the trainer costs: microseconds a step beyond a hand-written tfjs loop that does the same work on the same
 * backend, with a logger, a progress bar and five callbacks attached.
 *
 *     npm run build && node --import tsx bench/trainer-overhead.ts
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { Adam, Callback, EarlyStopping, Module, Trainer } from 'strobe';

const STEPS = 2000;
const ROUNDS = 7;
const BATCH = 16;

class Net extends Module {
  readonly net = tf.sequential({
    layers: [tf.layers.dense({ inputShape: [16], units: 16, activation: 'relu' }), tf.layers.dense({ units: 4 })],
  });
  loss([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    return tf.losses.softmaxCrossEntropy(y, this.net.apply(x, { training: true }) as tf.Tensor);
  }
  override trainingStep(batch: [tf.Tensor, tf.Tensor]): tf.Scalar {
    const loss = this.loss(batch);
    this.log('train_loss', loss);
    return loss;
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters());
  }
}

/** Times the batches alone: what a fit does once (folders, the checkpoint at its end) is not a step's cost. */
class Watcher extends Callback {
  seen = 0;
  began = 0;
  ended = 0;
  override onTrainEpochStart(): void {
    this.began = performance.now();
  }
  override onTrainEpochEnd(): void {
    this.ended = performance.now();
  }
  override onTrainBatchStart(): void {
    this.seen += 1;
  }
  override onTrainBatchEnd(): void {
    this.seen += 1;
  }
}

const batch: [tf.Tensor, tf.Tensor] = [tf.randomNormal([BATCH, 16]), tf.oneHot(tf.zeros([BATCH], 'int32'), 4)];
const loader = Array.from({ length: STEPS }, () => batch);

/** The loop people write by hand: the same loss, gradients, Adam and reading of the loss. */
function byHand(): number {
  const module = new Net();
  const optimizer = new Adam(module.parameters());
  const variables = module.parameters().map(({ variable }) => variable);
  const began = performance.now();
  for (let step = 0; step < STEPS; step++) {
    const { value, grads } = tf.variableGrads(() => module.loss(batch), variables);
    value.dataSync();
    value.dispose();
    for (const parameter of optimizer.parameters()) parameter.grad = grads[parameter.variable.name] ?? null;
    optimizer.step();
    optimizer.zeroGrad();
  }
  return performance.now() - began;
}

async function byTrainer(folder: string, hookByHook: boolean): Promise<number> {
  const watchers = Array.from({ length: 4 }, () => new Watcher());
  const trainer = new Trainer({
    maxEpochs: 1,
    backend: 'wasm',
    defaultRootDir: folder,
    enableModelSummary: false,
    callbacks: [new EarlyStopping({ monitor: 'train_loss' }), ...watchers],
  });
  const module = new Net();
  if (hookByHook) for await (const _event of trainer.run(module, loader));
  else await trainer.fit(module, loader);
  return (watchers[0]?.ended ?? 0) - (watchers[0]?.began ?? 0);
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const folder = await mkdtemp(join(tmpdir(), 'strobe-bench-'));
await new Trainer({ maxEpochs: 1, backend: 'wasm', logger: false, enableCheckpointing: false }).fit(new Net(), [batch]);
const times = { hand: [] as number[], fit: [] as number[], stepped: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  times.hand.push(byHand());
  times.fit.push(await byTrainer(folder, false));
  times.stepped.push(await byTrainer(folder, true));
}
await rm(folder, { recursive: true });

const perStep = (values: number[]) => (median(values) / STEPS) * 1000;
const [hand, fit, stepped] = [perStep(times.hand), perStep(times.fit), perStep(times.stepped)];
console.log(
  `\n${os.cpus()[0]?.model}, Node ${process.versions.node}, engine ${tf.getBackend()}; medians of ${ROUNDS} rounds of ${STEPS} steps`,
);
console.log(`by hand            ${hand.toFixed(1)} us a step`);
console.log(
  `trainer.fit        ${fit.toFixed(1)} us a step, ${(fit - hand).toFixed(1)} us more, ratio ${(fit / hand).toFixed(3)}`,
);
console.log(`paused at each hook ${stepped.toFixed(1)} us a step, ratio to fit ${(stepped / fit).toFixed(3)}`);
