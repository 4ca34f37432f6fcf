import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { Adam, Callback, Module, parameter, type Optimizer, type StepLR, type Trainer } from 'strobe';
import type { OnnxBackend } from '../../../src/backend/onnx/index.js';

export const quiet = {
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
  numSanityValSteps: 0,
  seed: 3,
} as const;

export const stats = () => (tf.backend() as unknown as OnnxBackend).recorder.stats;
const bytes = (tensor: tf.Tensor) => Buffer.from(Float32Array.from(tensor.dataSync()).buffer);
const weights = (shape: number[], seed: number) => tf.tidy(() => tf.mul(normal(shape, seed), 0.2));
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

/** Two layers by hand; what tests vary is in its fields. */
export class Net extends Module {
  readonly w1 = parameter(weights([20, 24], 1));
  readonly b1 = parameter(tf.zeros([24]));
  readonly w2 = parameter(weights([24, 4], 2));
  readonly mask = normal([24], 9);
  scale = 1;
  optimizer: (module: Module) => Optimizer | { optimizer: Optimizer; lrScheduler: StepLR } = (module) =>
    new Adam(module.parameters());

  override forward(x: tf.Tensor): tf.Tensor {
    const hidden = tf.relu(tf.add(tf.matMul(x as tf.Tensor2D, this.w1.variable as tf.Tensor2D), this.b1.variable));
    return tf.matMul(tf.mul(hidden, this.mask), this.w2.variable);
  }
  override trainingStep([x, y]: tf.Tensor[]): { loss: tf.Scalar; logits: tf.Tensor } {
    const logits = this.forward(x as tf.Tensor);
    const loss = tf.mul(tf.losses.softmaxCrossEntropy(y as tf.Tensor, logits), this.scale) as tf.Scalar;
    this.log('loss', loss, { progBar: true, onEpoch: true });
    this.log('largest', tf.max(x as tf.Tensor), { onEpoch: true, reduce: 'max' });
    this.log('scale', this.scale);
    return { loss, logits };
  }
  override configureOptimizers() {
    return this.optimizer(this);
  }
}

export const data: tf.Tensor[][] = [];
export const batches = (count: number, last = 32) => {
  for (let i = data.length; i < count; i++) {
    data.push([
      normal([32, 20], 50 + i),
      tf.tidy(() => tf.oneHot(tf.cast(tf.abs(tf.mul(normal([32], i), 1.5)), 'int32'), 4)),
    ]);
  }
  return data
    .slice(0, count)
    .map((batch, i) => (i === count - 1 && last < 32 ? batch.map((t) => tf.slice(t, 0, last)) : batch));
};

/** Files of one process share what is here: nothing disposed may stay. */
export const dropData = () => tf.dispose(data.splice(0));

/** Writes down what a user sees after each step: outputs, gradients, metrics, weights. */
export class Witness extends Callback {
  readonly #hash = createHash('sha256');
  override onTrainBatchEnd(trainer: Trainer, module: Module, outputs: unknown): void {
    const { loss, logits } = outputs as { loss: tf.Tensor; logits?: tf.Tensor };
    const gradients = module.parameters().map(({ grad }) => grad);
    for (const tensor of [loss, logits, ...gradients]) this.#hash.update(tensor ? bytes(tensor) : 'none');
    this.#hash.update(JSON.stringify([trainer.callbackMetrics, trainer.globalStep]));
  }
  override onTrainEpochEnd(trainer: Trainer): void {
    this.#hash.update(JSON.stringify(trainer.callbackMetrics));
  }
  digest(module: Module, optimizer: Optimizer | undefined): string {
    for (const { variable } of [...module.parameters(), ...module.buffers()]) this.#hash.update(bytes(variable));
    const state = optimizer?.stateDict();
    for (const entry of Object.values(state?.state ?? {})) {
      for (const value of Object.values(entry))
        this.#hash.update(value instanceof tf.Tensor ? bytes(value) : String(value));
    }
    return this.#hash.digest('hex');
  }
}
