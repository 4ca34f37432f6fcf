import type { SchedulerConfig } from '../../optim/index.js';
import { ContractError, StrobeError } from '../../errors.js';
import type { Session } from '../session.js';

/**
 * Steps the schedulers that are due. Plateau schedulers come at their own time, after the validation or the epoch's end,
 * when what they monitor has been computed.
 */
export function stepSchedulersAt(s: Session, interval: 'step' | 'epoch', kind: 'plain' | 'plateau' = 'plain'): void {
  const { progress } = s;
  if (!s.module.automaticOptimization) return; // Whoever steps the optimizers steps these, too.
  const count =
    interval === 'step' ? (kind === 'plateau' ? progress.batchIdx : progress.batchIdx + 1) : progress.epoch + 1;
  for (const config of s.schedulers) {
    const plateau = config.reduceOnPlateau;
    if (config.interval !== interval || plateau !== (kind === 'plateau') || count % config.frequency !== 0) continue;
    const metric = plateau ? monitored(s, config) : undefined;
    if (plateau && metric === undefined) continue;
    if (s.module.lrSchedulerStep) s.at('lrSchedulerStep', () => s.module.lrSchedulerStep?.(config.scheduler, metric));
    else config.scheduler.step(metric);
  }
}

function monitored(s: Session, { monitor, strict }: SchedulerConfig): number | undefined {
  const metrics = s.trainer.callbackMetrics;
  const value = monitor === undefined ? undefined : metrics[monitor];
  if (value !== undefined) return value;
  const message = StrobeError.compose('ReduceLROnPlateau has nothing to go by.', {
    expected: `a metric called ${String(monitor)}`,
    received: Object.keys(metrics).join(', ') || 'no metrics yet',
    hint: 'log it in the module, or set strict: false in the scheduler config to skip the step',
  });
  if (strict) throw new ContractError(message);
  s.trainer.warn(message);
  return undefined;
}
