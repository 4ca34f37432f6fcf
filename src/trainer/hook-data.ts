import type * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from '../optim/index.js';
import type { HookData } from './hooks.js';
import type { Session } from './session.js';

/** What hooks are told. Getters, so that nothing is made for hooks that do not ask. */
export function hookDataOf(session: Session): HookData {
  return {
    get stage() {
      return session.stage;
    },
    get batch() {
      return session.hands.batch;
    },
    get batchIdx() {
      return session.batchIdx;
    },
    get dataloaderIdx() {
      return session.progress.evaluation.dataloaderIdx;
    },
    get outputs() {
      return session.hands.outputs;
    },
    get loss() {
      return session.hands.loss as tf.Scalar;
    },
    get optimizer() {
      return (session.hands.optimizer ?? session.optimizers[0]) as Optimizer;
    },
    get gradients() {
      const withGradient = session.parameters.filter((parameter) => parameter.grad !== null);
      return Object.fromEntries(withGradient.map(({ name, grad }) => [name, grad as tf.Tensor]));
    },
  };
}
