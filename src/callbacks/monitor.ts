import { z } from 'zod';
import type { Trainer } from '../trainer/trainer.js';

/** Whether less (`min`) or more (`max`) of a metric is better. */
export type MonitorMode = 'min' | 'max';

/** The option that says so. */
export const monitorMode = z.enum(['min', 'max'], {
  error: "`mode` can be 'min' for metrics that shall fall, such as a loss, or 'max' for those that shall rise",
});

/** The one definition of "better" for everything that monitors: strictly, by more than `minDelta`. NaN is never better. */
export function isBetter(mode: MonitorMode, value: number, than: number, minDelta = 0): boolean {
  return mode === 'min' ? value + minDelta < than : value - minDelta > than;
}

/** The worst value there is: everything finite is better. */
export function worst(mode: MonitorMode): number {
  return mode === 'min' ? Infinity : -Infinity;
}

/** Whether there is anything to judge: a fit in earnest that has neither failed nor been interrupted. */
export function isJudging(trainer: Trainer): boolean {
  const { stage, status, sanityChecking, options } = trainer;
  return stage === 'fit' && status === 'running' && !sanityChecking && options.fastDevRun === false;
}
