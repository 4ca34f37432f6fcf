import { tell } from '../loggers/tell.js';
import type { Metrics } from '../module/metrics.js';
import type { MetricRow } from './metric-history.js';
import type { Session } from './session.js';
import type { Trainer } from './trainer.js';

/**
 * Metrics leave their collection: into the trainer's records for callbacks and progress bars, and to the loggers.
 *
 * @param step what the loggers file them under; a metric called `step` overrides it.
 */
export async function report(s: Session, level: 'step' | 'epoch', step: number): Promise<void> {
  const { trainer } = s;
  const { callback, logger, progressBar } = level === 'step' ? s.collection.step() : s.collection.epoch();
  if (s.loop === 'sanity') return;
  trainer.keepMetrics({ callback, progressBar });
  if (level === 'step' && !logsAreDue(trainer)) return;
  await log(s, logger, step);
  if (level === 'step') s.collection.endStep();
}

/** Whether this step's metrics go to the loggers. */
export function logsAreDue(trainer: Trainer): boolean {
  const { logEveryNSteps, fastDevRun } = trainer.options;
  if (fastDevRun !== false || trainer.shouldStop) return true;
  return logEveryNSteps > 0 && (trainer.progress.steppedBatches + 1) % logEveryNSteps === 0;
}

export async function log(s: Session, metrics: Metrics, step: number): Promise<void> {
  if (Object.keys(metrics).length > 0) await sendToLoggers(s.trainer, metrics, step);
}

export async function sendToLoggers(trainer: Trainer, metrics: Metrics, step: number): Promise<void> {
  const { step: ownStep, ...values } = metrics;
  trainer.keepMetrics({ logger: values });
  const record = 'epoch' in values ? values : { ...values, epoch: trainer.progress.epoch };
  trainer.history.add({ ...record, step: ownStep ?? step } as MetricRow);
  await tell(trainer.loggers, 'logMetrics', record, ownStep ?? step);
}
