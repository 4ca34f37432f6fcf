import * as tf from '@tensorflow/tfjs';
import { Module, parameter, SGD, Trainer, type OptimizerConfig, type Parameter, type TrainerOptions } from 'strobe';

/** A trainer on the cpu engine that writes nothing and draws nothing, unless it is told to. */
export function quietTrainer(options: TrainerOptions = {}): Trainer {
  return new Trainer({
    maxEpochs: 1,
    backend: 'cpu',
    seed: 1,
    logger: false,
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
    ...options,
  });
}

/** One weight w, and a loss of w times the batch's mean: the gradient is that mean. */
export class OneWeight extends Module {
  readonly w: Parameter = parameter(tf.scalar(1));
  lr = 0.1;

  override trainingStep(batch: tf.Tensor, _batchIdx: number): tf.Scalar | undefined | void {
    return tf.mean<tf.Scalar>(tf.mul(batch, this.w.variable));
  }
  override configureOptimizers(): OptimizerConfig {
    return new SGD(this.parameters(), { lr: this.lr });
  }
  get value(): number {
    return this.w.variable.dataSync()[0] as number;
  }
}

/** Batches of one number each. */
export function numbers(...values: number[]): tf.Tensor[] {
  return values.map((value) => tf.tensor1d([value]));
}

export const upTo = (n: number): tf.Tensor[] => numbers(...Array.from({ length: n }, (_, i) => i + 1));
