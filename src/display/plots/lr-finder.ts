import { Figure } from '../figure/figure.js';
import type { Mark } from '../figure/spec.js';
import { shortNumber } from '../short-number.js';

/** What a learning-rate finder found. */
export interface LrFinderCurve {
  readonly lrs: readonly number[];
  /** One for each learning rate; smoothed, as the finder recorded it. */
  readonly losses: readonly number[];
  suggestion?(): number | undefined | null;
  /** Several suggestions by what they go by, such as `{ steepest: 1e-3, valley: 3e-4 }`; they take precedence. */
  readonly suggestions?: Readonly<Record<string, number>>;
}

export interface LrFinderPlotOptions {
  /** Values left out at the beginning. Default 0. */
  skipBegin?: number;
  /** Values left out at the end. Default 0. */
  skipEnd?: number;
}

/** The loss over the learning rate, with what the finder suggests. */
export function lrFinderPlot(result: LrFinderCurve, { skipBegin = 0, skipEnd = 0 }: LrFinderPlotOptions = {}): Figure {
  const { lrs, losses } = result;
  const end = Math.max(skipBegin, lrs.length - skipEnd);
  const [x, y] = [lrs.slice(skipBegin, end), losses.slice(skipBegin, end)];
  const single = result.suggestions ? undefined : result.suggestion?.();
  const suggestions = result.suggestions ?? (single === undefined || single === null ? {} : { suggestion: single });
  const marks = Object.entries(suggestions).map(([name, lr]): Mark => {
    const index = nearest(lrs, lr);
    return { x: lr, y: losses[index] ?? NaN, label: `${name} ${shortNumber(lr)}` };
  });
  return new Figure({
    title: 'Learning-rate finder',
    panels: [
      {
        kind: 'curves',
        x: { label: 'learning rate', scale: 'log' },
        y: { label: 'loss' },
        series: [{ kind: 'line', name: '', x, y, marked: false }],
        marks,
      },
    ],
  });
}

function nearest(values: readonly number[], wanted: number): number {
  const off = values.map((value) => Math.abs(Math.log(value / wanted)));
  return off.indexOf(Math.min(...off));
}
