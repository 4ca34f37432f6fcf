import { Figure } from '../figure/figure.js';
import type { Mark } from '../figure/spec.js';
import { shortNumber } from '../short-number.js';

/** What a learning-rate finder found. */
export interface LrFinderCurve {
  /** The learning rates that were tried, rising. */
  readonly lrs: readonly number[];
  /** One for each learning rate; smoothed, as the finder recorded it. */
  readonly losses: readonly number[];
  /** The learning rate to take; null or undefined when the curve has none. */
  suggestion?(): number | undefined | null;
  /** Several suggestions by what they go by, such as `{ steepest: 1e-3, valley: 3e-4 }`; they take precedence. */
  readonly suggestions?: Readonly<Record<string, number>>;
}

/** What lrFinderPlot takes. */
export interface LrFinderPlotOptions {
  /** Values left out at the beginning. Default 0. */
  skipBegin?: number;
  /** Values left out at the end. Default: those after the loss has risen as far above its first value as it had fallen. */
  skipEnd?: number;
}

/** The loss over the learning rate, with what the finder suggests. */
export function lrFinderPlot(result: LrFinderCurve, { skipBegin = 0, skipEnd }: LrFinderPlotOptions = {}): Figure {
  const { lrs, losses } = result;
  const single = result.suggestions ? undefined : result.suggestion?.();
  const suggestions = result.suggestions ?? (single === undefined || single === null ? {} : { suggestion: single });
  const marks = Object.entries(suggestions).map(([name, lr]): Mark => {
    const index = nearest(lrs, lr);
    return { x: lr, y: losses[index] ?? NaN, label: `${name} ${shortNumber(Number(lr.toPrecision(2)))}` };
  });
  const last = Math.max(...Object.values(suggestions).map((lr) => nearest(lrs, lr)));
  const end = skipEnd === undefined ? Math.max(last + 1, divergence(losses)) : lrs.length - skipEnd;
  const shown = (values: readonly number[]) => values.slice(skipBegin, Math.max(skipBegin, end));
  return new Figure({
    title: 'Learning-rate finder',
    panels: [
      {
        kind: 'curves',
        x: { label: 'learning rate', scale: 'log' },
        y: { label: 'loss' },
        series: [{ kind: 'line', name: '', x: shown(lrs), y: shown(losses), marked: false }],
        marks,
      },
    ],
  });
}

/** Where the loss has left for good: what follows would leave the rest no room. */
function divergence(losses: readonly number[]): number {
  const finite = losses.filter(Number.isFinite);
  const [first = 0] = finite;
  const lowest = finite.reduce((low, loss) => Math.min(low, loss), first);
  // One that never falls is shown until it has risen by half.
  const limit = first + (first - lowest || Math.abs(first) / 2);
  const above = losses.findIndex((loss, i) => loss > limit && i > losses.indexOf(lowest));
  return above < 0 ? losses.length : above + 1;
}

function nearest(values: readonly number[], wanted: number): number {
  const off = values.map((value) => Math.abs(Math.log(value / wanted)));
  return off.indexOf(Math.min(...off));
}
