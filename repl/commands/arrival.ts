import { StrobeError, type FitResult, type Run, type RunEvent } from '../../src/index.js';
import { shortNumber } from '../../src/display/short-number.js';
import type { Arrival } from '../runs/workbench.js';
import type { Line } from '../store/state.js';

/** What is said of a run that has come to stand: where, what stopped it, what went wrong. */
export function arrivalLines(run: Run, arrival: Arrival | { error: unknown } | undefined): Line[] {
  if (!arrival) return [];
  if ('error' in arrival) {
    const here =
      run.status === 'paused' ? [{ text: `the run is paused before ${run.position.hook}`, tone: 'warn' as const }] : [];
    return [{ text: errorText(arrival.error), tone: 'bad' }, ...here];
  }
  const { event, stoppedBy, result } = arrival;
  if (!event) return [{ text: result ? endText(result) : `the run is ${run.status}`, tone: 'good' }];
  return [
    ...stoppedBy.map((breakpoint): Line => ({ text: `stopped by ${breakpoint}`, tone: 'warn' })),
    { text: whereText(event), tone: 'plain' },
  ];
}

/** How a run has ended, why, and with which metrics. */
export function endText({ outcome, reason, metrics, epochs, steps }: FitResult): string {
  const last = Object.entries(metrics).map(([name, value]) => `${name} ${shortNumber(value)}`);
  const after = `${outcome} after ${epochs} epochs, ${steps} steps${reason ? `: ${reason}` : ''}`;
  return [after, ...(last.length > 0 ? [last.join('  ')] : [])].join('\n');
}

/** An error as somebody has to read it: Strobe's own say what to do, others where they come from. */
export function errorText(error: unknown): string {
  if (error instanceof StrobeError) return `${error.name}: ${error.message}`;
  if (!(error instanceof Error)) return `Thrown: ${String(error)}`;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line));
  return [`${error.name}: ${error.message}`, ...frames.slice(0, 3)].join('\n');
}

function whereText(event: RunEvent): string {
  const { hook, position } = event;
  const loss = 'loss' in event ? event.loss?.dataSync()[0] : undefined;
  const where = `${hook}  epoch ${position.epoch}  batch ${position.batchIdx}  step ${position.globalStep}`;
  return loss === undefined ? where : `${where}  loss ${shortNumber(loss)}`;
}
