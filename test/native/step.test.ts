import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Adagrad, Adam, AdamW, Callback, Module, RMSprop, SGD, Trainer, type Optimizer } from 'strobe';
import { trace } from './support.js';

class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({ units: 24, inputShape: [20], activation: 'relu' }),
      tf.layers.dense({ units: 4, useBias: false }),
    ],
  });
  constructor(readonly make: (module: Net) => Optimizer) {
    super();
  }
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    const loss = tf.losses.softmaxCrossEntropy(y, this.net.apply(x) as tf.Tensor) as tf.Scalar;
    this.log('loss', loss, { progBar: true, onEpoch: true });
    return loss;
  }
  override configureOptimizers(): Optimizer {
    return this.make(this);
  }
}

const quiet = {
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
} as const;

/** What TensorFlow is asked to do in the last batch, and in its update. */
class Traced extends Callback {
  #ends: (() => string[])[] = [];
  step: string[] = [];
  update: string[] = [];
  override onTrainBatchStart(): void {
    this.#ends = [trace()];
  }
  override onBeforeOptimizerStep(): void {
    this.#ends.push(trace());
  }
  override onTrainBatchEnd(): void {
    [this.update = [], this.step = []] = this.#ends.reverse().map((end) => end());
  }
}

/** Reads come last: of the loss, which is checked, and of what was logged, when everything is computed. */
const READS = ['read', 'read'];
const PARAMETERS = 3;

describe('a training step is one stream of operations, with no value read back on the way; an update is', () => {
  it.each<[string, (m: Net) => Optimizer, string]>([
    ['SGD', (m) => new SGD(m.parameters(), { lr: 0.1 }), 'Mul Sub'],
    ['SGD with momentum', (m) => new SGD(m.parameters(), { lr: 0.1, momentum: 0.9 }), 'Mul AddV2 Mul Sub'],
    ['Adam', (m) => new Adam(m.parameters()), 'Sub Mul AddV2 Square Sub Mul AddV2 Sqrt AddV2 Mul RealDiv Sub'],
    [
      'AdamW with amsgrad',
      (m) => new AdamW(m.parameters(), { amsgrad: true }),
      'Sub Mul AddV2 Square Sub Mul AddV2 Maximum Sqrt AddV2 Mul RealDiv Mul Sub',
    ],
    ['RMSprop', (m) => new RMSprop(m.parameters()), 'Square Sub Mul AddV2 Sqrt AddV2 RealDiv Mul Sub'],
    ['Adagrad', (m) => new Adagrad(m.parameters()), 'Square AddV2 Mul Sqrt AddV2 RealDiv Sub'],
  ])('for %s', async (_name, make, operations) => {
    const traced = new Traced();
    const data = Array.from({ length: 4 }, (_, i) => [
      tf.randomNormal([32, 20], 0, 1, 'float32', i),
      tf.tidy(() => tf.oneHot(tf.zeros([32], 'int32'), 4)),
    ]);
    await new Trainer({ ...quiet, maxEpochs: 1, backend: 'native', callbacks: [traced] }).fit(new Net(make), data);
    tf.dispose(data);
    const each = operations.split(' ');
    expect(traced.update).toEqual([...Array.from({ length: PARAMETERS }, () => each).flat(), ...READS]);
    expect(traced.step.slice(0, -READS.length)).not.toContain('read');
    expect(traced.step.length).toBeLessThan(60 + traced.update.length);
  });
});
