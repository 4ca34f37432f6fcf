/** Two interleaved spirals, and a small network that tells them apart: what the callbacks of this folder are tried on. */
import * as tf from '@tensorflow/tfjs';
import { Adam, DataLoader, Module, TensorDataset } from 'strobe';

type Points = [x: tf.Tensor2D, y: tf.Tensor2D];

export class Spirals extends Module {
  readonly backbone = tf.sequential({
    layers: [dense(16, 1, { activation: 'relu', inputShape: [2] }), dense(16, 2, { activation: 'relu' })],
  });
  readonly head = tf.sequential({ layers: [dense(1, 3, { inputShape: [16] })] });
  readonly lr: number;

  constructor({ lr = 0.01 } = {}) {
    super();
    this.lr = lr;
  }

  override forward(x: tf.Tensor): tf.Tensor {
    return this.head.apply(this.backbone.apply(x)) as tf.Tensor;
  }

  override trainingStep([x, y]: Points): tf.Scalar {
    const loss = tf.losses.sigmoidCrossEntropy(y, this.forward(x)) as tf.Scalar;
    this.log('loss', loss, { onStep: true, onEpoch: true });
    return loss;
  }

  override validationStep([x, y]: Points): void {
    const logits = this.forward(x);
    this.log('val_loss', tf.losses.sigmoidCrossEntropy(y, logits), { progBar: true });
    this.log('val_acc', tf.mean(tf.cast(tf.equal(tf.greater(logits, 0), tf.greater(y, 0)), 'float32')));
  }

  override predictStep([x]: Points): tf.Tensor {
    return tf.sigmoid(this.forward(x));
  }

  override configureOptimizers() {
    return new Adam(this.parameters(), { lr: this.lr });
  }
}

function dense(units: number, seed: number, options: { activation?: 'relu'; inputShape?: number[] }) {
  return tf.layers.dense({ units, kernelInitializer: tf.initializers.heNormal({ seed }), ...options });
}

/** `train` in batches of 16; the same points in one batch for everything else. */
export function spirals(points = 96) {
  const turns = Array.from({ length: points }, (_, i) => (i - (i % 2)) / points);
  const x = tf.tensor2d(
    turns.map((turn, i) => {
      const angle = 4 * turn + Math.PI * (i % 2);
      return [turn * Math.cos(angle), turn * Math.sin(angle)];
    }),
  );
  const y = tf.tensor2d(turns.map((_, i) => [i % 2]));
  const dataset = new TensorDataset<Points>(x, y);
  const all = new DataLoader(dataset, { batchSize: points });
  return { train: new DataLoader(dataset, { batchSize: 16, shuffle: true }), val: all, predict: all };
}
