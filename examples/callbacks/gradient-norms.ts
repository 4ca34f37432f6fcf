import * as tf from '@tensorflow/tfjs';
import { Callback, Trainer, type Module } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/**
 * Logs the norm of each parameter's gradient, when logs are due: reading one makes the engine wait. (Strobe's own
 * GradientMonitor has totals, layers and other norms, and counts NaN.)
 */
export class GradientNorms extends Callback {
  override onAfterBackward(trainer: Trainer, module: Module): void {
    if (!trainer.logsAreDue) return;
    for (const [name, { grad }] of module.namedParameters()) {
      // The module keeps the value it is given; the tidy lets go of the rest.
      if (grad) tf.tidy(() => module.log(`grad_norm/${name}`, tf.norm(grad) as tf.Scalar));
    }
  }
}

export default ({ epochs = 3 } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({ maxEpochs: epochs, seed: 1, logEveryNSteps: 2, callbacks: [new GradientNorms()] }),
});
