import { Figure } from '../figure/figure.js';
import type { Series } from '../figure/spec.js';
import { isTensor, numbersOf, type Numbers } from './values.js';

/** What histogram takes. */
export interface HistogramOptions {
  /** Number of bins, all equally wide. Default 40. */
  bins?: number;
  /** Logarithmic counts. Default false. */
  logY?: boolean;
  /** What the values are. */
  label?: string;
  /** Default 'Histogram'. */
  title?: string;
}

/** How values are distributed: one set, or several by name. What is not finite is left out and told of in the title. */
export function histogram(
  values: Numbers | Readonly<Record<string, Numbers>>,
  { bins = 40, logY = false, label = 'value', title = 'Histogram' }: HistogramOptions = {},
): Figure {
  const sets = isNumbers(values) ? [['', values] as const] : Object.entries(values);
  const finite = sets.map(([name, set]) => [name, Array.from(numbersOf(set)).filter(Number.isFinite)] as const);
  const total = sets.reduce((sum, [, set]) => sum + numbersOf(set).length, 0);
  const left = total - finite.reduce((sum, [, set]) => sum + set.length, 0);
  const [low, high] = extent(finite.map(([, set]) => set));
  // Halves, because the whole width may be beyond the largest number.
  const width = 2 * ((high / 2 - low / 2) / bins);
  const series = finite.map(([name, set]): Series => {
    // Bars of height 0 would be something to show.
    if (set.length === 0) return { kind: 'bars', name, x: [], y: [] };
    const counts = Array.from({ length: bins }, () => 0);
    for (const value of set) {
      const share = (value / 2 - low / 2) / (high / 2 - low / 2);
      // Among the smallest numbers the range is 0, and the share is NaN.
      const bin = Math.min(bins - 1, Math.max(0, Math.floor(share * bins) || 0));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return { kind: 'bars', name, x: counts.map((_, i) => low + (i + 0.5) * width), y: counts };
  });
  return new Figure({
    title: left > 0 ? `${title} · ${left} of ${total} values are not finite` : title,
    panels: [{ kind: 'curves', x: { label }, y: { label: 'count', scale: logY ? 'log' : 'linear' }, series }],
  });
}

function isNumbers(values: Numbers | Readonly<Record<string, Numbers>>): values is Numbers {
  return Array.isArray(values) || ArrayBuffer.isView(values) || isTensor(values);
}

function extent(sets: readonly (readonly number[])[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const set of sets) {
    for (const value of set) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) return [0, 1];
  const room = Math.abs(low) * 0.01 || 0.5;
  return low === high ? [low - room, high + room] : [low, high];
}
