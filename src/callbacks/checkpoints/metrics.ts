import { ContractError, StrobeError } from '../../errors.js';
import type { Metrics } from '../../module/metrics.js';
import type { Trainer } from '../../trainer/trainer.js';

/** What a checkpoint can be ranked and named by: everything that can be monitored, and always `epoch` and `step`. */
export function metricsNow(trainer: Trainer): Metrics {
  const { epoch = trainer.currentEpoch, step = trainer.globalStep, ...metrics } = trainer.callbackMetrics;
  return { ...metrics, epoch: Math.trunc(epoch), step: Math.trunc(step) };
}

/**
 * The metric that ranks is not there. Before the first validation it may still come: then nothing is saved, with a warning.
 *
 * @throws ContractError once a validation has run
 */
export function refuseMissing(trainer: Trainer, monitor: string, metrics: Metrics): false {
  const message = StrobeError.compose(`ModelCheckpoint has no metric called ${monitor}.`, {
    expected: `this.log('${monitor}', ...) in the module`,
    received: Object.keys(metrics).join(', '),
    hint: 'monitor one of those that are logged',
  });
  if (trainer.validates && trainer.progress.validationBatches.length > 0) throw new ContractError(message);
  trainer.warn(message);
  return false;
}
