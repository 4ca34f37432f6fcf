import * as tf from '@tensorflow/tfjs';
import { EarlyStopping, Module, parameter, SGD, Trainer } from 'strobe';
import { Workbench } from '../../repl/runs/workbench.js';
import { initialState } from '../../repl/store/state.js';
import { Store } from '../../repl/store/store.js';

/** A weight that is pulled towards 0: the loss of step n is known. */
export class Line extends Module {
  readonly w = parameter(tf.scalar(1));
  /** The step in which it throws. */
  failsAt = -1;

  override trainingStep(batch: tf.Tensor): tf.Scalar {
    if (this.globalStep === this.failsAt) throw new Error('the step broke');
    const loss = tf.mean(tf.mul(batch, tf.square(this.w.variable))) as tf.Scalar;
    this.log('train_loss', loss);
    return loss;
  }
  override validationStep(batch: tf.Tensor): void {
    this.log('val_loss', tf.mean(tf.mul(batch, tf.square(this.w.variable))));
  }
  override configureOptimizers() {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}

/** A workbench with a run of four epochs of ten batches that has not begun. */
export function bench({ columns = 80, rows = 24 } = {}) {
  const batches = () => Array.from({ length: 10 }, () => tf.ones([2]));
  const store = new Store(initialState('line.ts', { columns, rows }));
  const model = new Line();
  const trainer = new Trainer({
    maxEpochs: 4,
    seed: 1,
    backend: 'cpu',
    logger: false,
    logEveryNSteps: 5,
    enableCheckpointing: false,
    enableModelSummary: false,
    callbacks: [new EarlyStopping({ monitor: 'val_loss', patience: 3 })],
  });
  const workbench = new Workbench({ trainer, model, data: { train: batches(), val: batches() } }, store);
  const said = () => store.state.transcript.map(({ text }) => text).join('\n');
  return { workbench, store, model, trainer, said };
}
