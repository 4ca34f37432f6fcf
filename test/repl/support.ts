import * as tf from '@tensorflow/tfjs';
import { EarlyStopping, Module, parameter, SGD, Trainer } from 'strobe';
import { commands } from '../../repl/commands/index.js';
import { keys } from '../../repl/commands/keys.js';
import { execute } from '../../repl/commands/lookup.js';
import { PlainContext } from '../../repl/plain/plain-context.js';
import { Workbench } from '../../repl/runs/workbench.js';
import { openSession } from '../../repl/session/session.js';
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

/** An experiment of four epochs of ten batches. */
export function experiment() {
  const batches = () => Array.from({ length: 10 }, () => tf.ones([2]));
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
  return { trainer, model, data: { train: batches(), val: batches() } };
}

/** A workbench with a run that has not begun. */
export function bench(size = { columns: 80, rows: 24 }) {
  const store = new Store(initialState('line.ts', size));
  const { trainer, model, data } = experiment();
  const workbench = new Workbench({ trainer, model, data }, store);
  const said = () => store.state.transcript.map(({ text }) => text).join('\n');
  return { workbench, store, model, trainer, said };
}

// What is typed in tests is nobody's history.
process.env['XDG_STATE_HOME'] = '/dev/null';

/** A session without a screen; `does` gives what a command says. */
export async function plainSession(answers: string[] = []) {
  const store = new Store(initialState('line.ts', { columns: 100, rows: 40 }));
  const { trainer, model, data } = experiment();
  const session = await openSession({ trainer, model, data }, import.meta.filename, store, {});
  const context = new PlainContext(session, store, { commands, keys }, async () => answers.shift());
  const does = async (line: string): Promise<string> => {
    const { transcript } = store.state;
    const before = transcript.length;
    await execute(line, context);
    await session.bench.standing();
    return transcript
      .slice(before)
      .map(({ text }) => text)
      .join('\n');
  };
  return { does, context, session, bench: session.bench, store, trainer, model };
}
