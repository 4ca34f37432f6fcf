import { isBetter, type MonitorMode } from '../monitor.js';

/** Why training was asked to stop. */
export type StoppingReason =
  'NOT_STOPPED' | 'STOPPING_THRESHOLD' | 'DIVERGENCE_THRESHOLD' | 'PATIENCE_EXHAUSTED' | 'NON_FINITE_METRIC';

/** What there is to go by: settings, and what the checks before have left. */
export interface Standing {
  readonly monitor: string;
  readonly mode: MonitorMode;
  readonly minDelta: number;
  readonly patience: number;
  readonly checkFinite: boolean;
  readonly stoppingThreshold: number | undefined;
  readonly divergenceThreshold: number | undefined;
  readonly baseline: number | undefined;
  readonly waitCount: number;
  readonly bestScore: number;
}

/** What one check came to, and what the next one goes by. */
export interface Verdict {
  /** Why to stop; `NOT_STOPPED`: go on. */
  reason: StoppingReason;
  /** Empty if there is nothing to tell. */
  message: string;
  /** Checks in a row without an improvement. */
  waitCount: number;
  /** The best value, this one included. */
  bestScore: number;
}

/** Judges one value of a metric. The first rule that applies decides. */
export function judge(value: number, standing: Standing): Verdict {
  const { mode, monitor, minDelta, patience, stoppingThreshold, divergenceThreshold, baseline } = standing;
  const { waitCount, bestScore } = standing;
  const stop = (reason: StoppingReason, message: string, wait = waitCount, best = bestScore): Verdict => ({
    reason,
    message: `${message} Signaling Trainer to stop.`,
    waitCount: wait,
    bestScore: best,
  });
  const [better, worse] = mode === 'min' ? ['<', '>'] : ['>', '<'];
  if (standing.checkFinite && !Number.isFinite(value)) {
    return stop(
      'NON_FINITE_METRIC',
      `Monitored metric ${monitor} = ${plain(value)} is not finite. Previous best value was ${bestScore.toFixed(3)}.`,
    );
  }
  if (stoppingThreshold !== undefined && isBetter(mode, value, stoppingThreshold)) {
    return stop(
      'STOPPING_THRESHOLD',
      `Stopping threshold reached: ${monitor} = ${plain(value)} ${better} ${plain(stoppingThreshold)}.`,
    );
  }
  if (divergenceThreshold !== undefined && isBetter(mode, divergenceThreshold, value)) {
    return stop(
      'DIVERGENCE_THRESHOLD',
      `Divergence threshold reached: ${monitor} = ${plain(value)} ${worse} ${plain(divergenceThreshold)}.`,
    );
  }
  const improved = isBetter(mode, value, bestScore, minDelta);
  if (improved && (baseline === undefined || isBetter(mode, value, baseline, minDelta))) {
    const gain = Number.isFinite(bestScore)
      ? ` by ${Math.abs(bestScore - value).toFixed(3)} >= min_delta = ${plain(minDelta)}`
      : '';
    const message = `Metric ${monitor} improved${gain}. New best score: ${value.toFixed(3)}`;
    return { reason: 'NOT_STOPPED', message, waitCount: 0, bestScore: value };
  }
  const [best, wait] = [improved ? value : bestScore, waitCount + 1];
  if (wait < patience) return { reason: 'NOT_STOPPED', message: '', waitCount: wait, bestScore: best };
  const message = `Monitored metric ${monitor} did not improve in the last ${wait} records. Best score: ${best.toFixed(3)}.`;
  return stop('PATIENCE_EXHAUSTED', message, wait, best);
}

/** A number as the field's tools print it: `1.0`, `nan`, `-inf`. */
export function plain(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
