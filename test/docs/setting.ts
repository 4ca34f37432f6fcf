import * as tf from '@tensorflow/tfjs';
import { Module, parameter, SGD, Trainer } from 'strobe';

/** The module that the examples in the documentation train: it logs `loss`, `val_loss` and `val_acc`. */
export class Example extends Module {
  readonly w = parameter(tf.ones([2, 1]));
  lr = 0.1;
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.matMul(x, this.w.variable);
  }
  override trainingStep(x: tf.Tensor): tf.Scalar {
    const loss = tf.mean<tf.Scalar>(tf.square(this.forward(x)));
    this.log('loss', loss);
    return loss;
  }
  override validationStep(x: tf.Tensor): void {
    this.log('val_loss', tf.mean(this.forward(x)), { progBar: true });
    this.log('val_acc', 0.5);
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: this.lr });
  }
}

const batches = (count: number) => Array.from({ length: count }, () => tf.ones([3, 2]));

/** What a block of code in the documentation may use without declaring it. */
export function setting(folder: string) {
  return {
    model: new Example(),
    data: { train: batches(4), val: batches(2), predict: batches(2) },
    trainer: new Trainer({ maxEpochs: 2, logger: false, defaultRootDir: folder }),
    folder,
  };
}

export type Setting = ReturnType<typeof setting>;
