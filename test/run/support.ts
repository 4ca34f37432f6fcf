import * as tf from '@tensorflow/tfjs';
import { Adam, Callback, DataLoader, Module, TensorDataset, Trainer, type Run, type RunOptions } from 'strobe';

export class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 6,
        inputShape: [4],
        activation: 'tanh',
        kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      }),
      tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }) }),
    ],
  });
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    const loss = tf.losses.meanSquaredError(
      y,
      this.net.apply(x, { training: this.training }) as tf.Tensor,
    ) as tf.Scalar;
    this.log('loss', loss);
    return loss;
  }
  override validationStep([x, y]: [tf.Tensor, tf.Tensor]): void {
    this.log('val_loss', tf.losses.meanSquaredError(y, this.net.apply(x) as tf.Tensor));
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters(), { lr: 0.05 });
  }
}

export class Counter extends Callback {
  batches = 0;
  override onTrainBatchEnd(): void {
    this.batches += 1;
  }
}

export const x = tf.randomNormal([12, 4], 0, 1, 'float32', 3);
export const y = tf.randomNormal([12, 1], 0, 1, 'float32', 4);
export const quiet = {
  backend: 'cpu',
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
} as const;

export function start(options: RunOptions = {}): { run: Run; counter: Counter } {
  const counter = new Counter();
  const trainer = new Trainer({ ...quiet, maxEpochs: 3, seed: 9, callbacks: [counter] });
  const data = {
    train: new DataLoader(new TensorDataset(x, y), { batchSize: 4, shuffle: true }),
    val: new DataLoader(new TensorDataset(x, y), { batchSize: 6 }),
  };
  return { run: trainer.run(new Net(), data, options), counter };
}

export function weights(run: Run): number[][] {
  const state = run.module.stateDict();
  const values = Object.values(state).map((tensor) => Array.from(tensor.dataSync()));
  tf.dispose(state);
  return values;
}

export async function finished(run: Run): Promise<number[][]> {
  await run.finish();
  return weights(run);
}

/** What a run comes to that nobody touched. */
export const uninterrupted = await finished(start().run);

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
