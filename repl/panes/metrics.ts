import { drawCurves } from '../../src/display/figure/text-curves.js';
import type { Series } from '../../src/display/figure/spec.js';
import { measureOf, smoothedSeries } from '../../src/display/plots/metric-curves.js';
import { shortNumber } from '../../src/display/short-number.js';
import { fill, fit, widthOf } from '../text/fit.js';
import { style } from '../text/style.js';
import type { Curve, Size, State } from '../store/state.js';
import { selectedIn, type Pane } from './pane.js';

/** Rows below which a plot says nothing: its own, its axis, its legend. */
const LEAST = 8;
/** Columns that a legend takes beside the name: a gap, a mark, a value. */
const BESIDE = 15;

/** Curves of what was measured; those that measure the same are in one plot. */
export const metrics: Pane = {
  note({ metrics: { filter, logY, smoothing, extent } }) {
    return [
      ...(filter ? [`/${filter}`] : []),
      ...(logY ? ['log'] : []),
      ...(smoothing === undefined ? [] : [`smooth ${smoothing}`]),
      ...(extent < 1 ? [`zoom ×${Math.round(1 / extent)}`] : []),
    ].join(' · ');
  },
  items: (state) => groupsOf(state).length,
  rows(state, { columns, rows }) {
    const groups = groupsOf(state);
    if (groups.length === 0) return ['', ...nothing(state).map((line) => style.dim(`  ${line}`))];
    const selected = selectedIn(state.selected.metrics, groups.length);
    const count = Math.max(1, Math.min(groups.length, Math.floor(rows / LEAST)));
    const from = Math.min(selected, groups.length - count);
    const each = Math.floor(rows / count);
    return groups.slice(from, from + count).flatMap((curves, i) => {
      const height = i === count - 1 ? rows - each * (count - 1) : each;
      const more = count < groups.length && i === count - 1 ? `${selected + 1}/${groups.length} ↑↓` : '';
      return plot(curves, state, { columns, rows: height }, more);
    });
  },
};

function nothing({ view, metrics: { filter } }: State): string[] {
  if (filter) return [`no metric is called like ${filter}`, 'press / to filter again'];
  if (view?.status === 'paused') return ['no steps yet', 'press space to play, n for a batch, s for a hook'];
  return ['no metrics yet'];
}

/** Curves by what they measure: `loss` and `val_loss` together. */
function groupsOf({ view, metrics: { filter } }: State): Curve[][] {
  const groups = new Map<string, Curve[]>();
  for (const curve of view?.curves ?? []) {
    if (filter && !curve.name.toLowerCase().includes(filter.toLowerCase())) continue;
    const measure = measureOf(curve.name);
    groups.set(measure, [...(groups.get(measure) ?? []), curve]);
  }
  return [...groups.values()];
}

function plot(curves: Curve[], { metrics }: State, { columns, rows }: Size, more: string): string[] {
  const { logY, smoothing, extent, cursor } = metrics;
  const [first, last] = [
    Math.min(...curves.map(({ x }) => x[0] ?? Infinity)),
    Math.max(...curves.map(({ x }) => x.at(-1) ?? -Infinity)),
  ];
  const span = (last - first) * extent;
  const at = cursor === undefined ? undefined : first + (last - first) * cursor;
  const from = at === undefined ? last - span : Math.max(first, Math.min(at - span / 2, last - span));
  const to = from + span;
  const series = curves.flatMap(({ name, x, y }, colour) =>
    smoothedSeries({ kind: 'line', name, colour, x, y }, smoothing).map((each) => clipped(each, from, to)),
  );
  const paint = (text: string, of: number | 'axis'): string => {
    const drawn = of === 'axis' ? undefined : series[of];
    return !drawn || drawn.faint ? style.dim(text) : style.series(drawn.colour ?? 0)(text);
  };
  const panel = {
    kind: 'curves' as const,
    x: { integer: true },
    y: { scale: logY ? ('log' as const) : ('linear' as const) },
    series,
  };
  const { lines } = drawCurves(panel, {
    width: columns,
    rows: Math.max(2, rows - 3),
    paint,
    faint: true,
    letters: !style.coloured,
    cursor: at,
  });
  const named = series.filter(({ faint }) => !faint);
  const where = at === undefined ? [] : [style.accent(`at step ${shortNumber(Math.round(at))}`)];
  const room = columns - (more ? widthOf(more) + 3 : 0);
  // A name as wide as the pane would be left out, and all that follows it.
  const widest = Math.max(4, room - widthOf(where.join('')) - BESIDE);
  const legend = named.map(({ name, colour = 0, x, y }, i) => {
    const point = at === undefined ? y.length - 1 : nearest(Array.from(x), at);
    const mark = style.coloured ? style.series(colour)('●') : named.length > 1 ? String.fromCharCode(97 + i) : '';
    const short = widthOf(name) > widest ? fit(name, widest) : name;
    return `${mark ? `${mark} ` : ''}${short} ${style.bold(shortNumber(y[point] ?? NaN))}`;
  });
  const head = `${fill([...where, ...legend], room, '   ')}   ${style.dim(more)}`;
  return [fit(head, columns), ...lines];
}

/** What is seen of a series, with the points just beyond the edges. */
function clipped(series: Series, from: number, to: number): Series {
  const [x, y] = [Array.from(series.x), Array.from(series.y)];
  const begin = Math.max(0, x.findIndex((value) => value >= from) - 1);
  const end = x.findLastIndex((value) => value <= to) + 2;
  return { ...series, x: x.slice(begin, end), y: y.slice(begin, end) };
}

function nearest(x: readonly number[], value: number): number {
  const after = x.findIndex((each) => each >= value);
  if (after <= 0) return after === 0 ? 0 : x.length - 1;
  return value - (x[after - 1] ?? 0) < (x[after] ?? 0) - value ? after - 1 : after;
}
