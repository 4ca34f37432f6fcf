import * as tf from '@tensorflow/tfjs';
import { EarlyStopping, Module, parameter, SGD, Trainer } from 'strobe';

/** A weight that falls slowly; a batch takes about five milliseconds. */
class Falling extends Module {
  readonly layer = { w: parameter(tf.ones([4, 4])), b: parameter(tf.zeros([4])) };
  /** The step in which it throws. */
  failsAt = -1;

  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const until = performance.now() + 5;
    if (this.globalStep === this.failsAt) throw new Error('the step broke');
    const out = tf.add(tf.matMul(batch, this.layer.w.variable), this.layer.b.variable);
    const loss = tf.mean(tf.square(out)) as tf.Scalar;
    this.log('train_loss', loss);
    while (performance.now() < until);
    return loss;
  }
  override validationStep(batch: tf.Tensor): void {
    this.log('val_loss', tf.mean(tf.square(tf.matMul(batch, this.layer.w.variable))));
  }
  override configureOptimizers() {
    return new SGD(this.parameters(), { lr: 0.01 });
  }
}

export default function terminalRun({ epochs = 40, root = '.' }: { epochs?: number; root?: string } = {}) {
  const batches = (count: number) =>
    Array.from({ length: count }, (_, i) => tf.randomNormal([8, 4], 0, 1, 'float32', i));
  return {
    model: new Falling(),
    data: { train: batches(50), val: batches(4) },
    trainer: new Trainer({
      maxEpochs: epochs,
      seed: 1,
      backend: 'cpu',
      logger: false,
      logEveryNSteps: 5,
      defaultRootDir: root,
      enableCheckpointing: false,
      enableModelSummary: false,
      callbacks: [new EarlyStopping({ monitor: 'val_loss', patience: 3 })],
    }),
  };
}
