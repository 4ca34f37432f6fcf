import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Adam, Callback, DataLoader, Module, TensorDataset, Trainer } from 'strobe';

class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [3], activation: 'relu' }),
      tf.layers.batchNormalization(),
      tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: 2 }),
    ],
  });
  override forward(x: tf.Tensor): tf.Tensor {
    return this.net.apply(x, { training: this.training }) as tf.Tensor;
  }
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]) {
    const logits = this.forward(x);
    const loss = tf.losses.softmaxCrossEntropy(y, logits) as tf.Scalar;
    this.log('loss', loss, { onStep: true, onEpoch: true });
    return { loss, logits, again: x };
  }
  override validationStep([x, y]: [tf.Tensor, tf.Tensor]) {
    const logits = this.forward(x);
    this.log('val_loss', tf.losses.softmaxCrossEntropy(y, logits));
    return { logits };
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters());
  }
}

class Counter extends Callback {
  counts: number[] = [];
  override onTrainBatchEnd(): void {
    this.counts.push(tf.memory().numTensors);
  }
}

describe.each(['cpu', 'wasm', 'onnx'] as const)('on the %s engine', (backend) => {
  it.each([{}, { accumulateGradBatches: 2, gradientClipVal: 1 }])(
    'no tensor is left by a step, nor by a fit (%j)',
    async (options) => {
      const model = new Net();
      const x = tf.randomNormal([10, 3]);
      const y = tf.oneHot(tf.zeros([10], 'int32'), 2);
      const data = () => ({
        train: new DataLoader(new TensorDataset(x, y), { batchSize: 4, shuffle: true }),
        val: new DataLoader(new TensorDataset(x, y), { batchSize: 5 }),
      });
      const counter = new Counter();
      const quiet = {
        backend,
        logger: false,
        enableCheckpointing: false,
        enableProgressBar: false,
        enableModelSummary: false,
      };
      const trainer = new Trainer({ ...quiet, maxEpochs: 3, callbacks: [counter], ...options });
      // The first fit lets layers make what they make once.
      const first = new Trainer({ ...quiet, maxEpochs: 1 });
      await first.fit(model, data());
      first.dispose();

      const before = tf.memory().numTensors;
      await trainer.fit(model, data());
      trainer.dispose();
      expect(tf.memory().numTensors).toBe(before);
      // Within an accumulation window gradients come and go; the same batch of two later epochs finds the same.
      expect(counter.counts.slice(3, 6)).toEqual(counter.counts.slice(6, 9));
      if (!('accumulateGradBatches' in options)) expect(new Set(counter.counts).size).toBe(1);
    },
  );
});
