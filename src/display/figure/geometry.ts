import { scaleFor, type Scale } from './scale.js';
import type { Axis, CurvePanel, Series } from './spec.js';

/** In pixels. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The two scales of a panel. */
export interface Scales {
  x: Scale;
  y: Scale;
}

/** A panel's scales: they hold all of its points, bars from their feet up, and its marks. */
export function scalesOf(panel: CurvePanel, count: { x: number; y: number }): Scales {
  return { x: scaleOf(panel, 'x', count.x), y: scaleOf(panel, 'y', count.y) };
}

function scaleOf({ series, marks = [], ...axes }: CurvePanel, side: 'x' | 'y', count: number): Scale {
  const axis: Axis = axes[side];
  const values = function* () {
    for (const each of series) {
      const half = barWidth(each) / 2;
      const standsOn = { bars: 'y', rows: 'x', line: '', points: '' }[each.kind];
      for (const value of Array.from(each[side])) {
        yield value;
        if (standsOn !== '' && standsOn !== side) yield* [value - half, value + half];
        // A log axis has no foot for bars: half of the least keeps something of that bar, too.
        if (standsOn === side) yield axis.scale === 'log' ? value / 2 : 0;
      }
    }
    for (const mark of marks) if (mark[side] !== undefined) yield mark[side];
  };
  return scaleFor(axis, values(), count);
}

/** How wide bars may be: the smallest distance between two of them. */
export function barWidth({ kind, x, y }: Series): number {
  if (kind !== 'bars' && kind !== 'rows') return 0;
  const places = Array.from(kind === 'bars' ? x : y).sort((a, b) => a - b);
  const gaps = places.slice(1).map((place, i) => place - (places[i] ?? 0));
  const width = Math.min(...gaps.filter((gap) => gap > 0));
  return Number.isFinite(width) ? width : 1;
}

/** Where bars stand, as a share of the axis: at 0, or at its edge where that lies beyond. */
export function barFoot({ at }: Scale): number {
  const zero = at(0);
  return Number.isFinite(zero) ? Math.max(0, Math.min(1, zero)) : 0;
}

/** Pieces of a series between which there is a gap, as pairs of shares of the axes. */
export function pieces({ x, y }: Series, scales: Scales): [number, number][][] {
  const all: [number, number][][] = [[]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const point: [number, number] = [scales.x.at(x[i] ?? NaN), scales.y.at(y[i] ?? NaN)];
    if (point.every(Number.isFinite)) all.at(-1)?.push(point);
    else if ((all.at(-1)?.length ?? 0) > 0) all.push([]);
  }
  return all.filter((piece) => piece.length > 0);
}

/** What a panel says that has nothing to draw; undefined if it has. */
export function emptiness({ series, empty = 'nothing to show yet' }: CurvePanel, scales: Scales): string | undefined {
  return series.every((each) => pieces(each, scales).length === 0) ? empty : undefined;
}

/** Values on the x axis where a series is NaN or infinite. One that went wrong stays wrong: forty of them say it. */
export function holes({ x, y }: Series, scale: Scale): number[] {
  const places = Array.from(y).flatMap((value, i) => {
    const at = x[i] ?? NaN;
    return Number.isFinite(value) || !Number.isFinite(scale.at(at)) ? [] : [at];
  });
  return places.filter((_, i) => i % Math.ceil(places.length / 40) === 0);
}

/** As many points as can be told apart, the lowest and highest of each stretch among them. */
export function thinned(points: [number, number][], most: number): [number, number][] {
  if (points.length <= most) return points;
  const stretch = Math.ceil((2 * points.length) / most);
  const kept: [number, number][] = [];
  for (let from = 0; from < points.length; from += stretch) {
    let low = from;
    let high = from;
    for (let i = from; i < Math.min(points.length, from + stretch); i++) {
      if ((points[i]?.[1] ?? 0) < (points[low]?.[1] ?? 0)) low = i;
      if ((points[i]?.[1] ?? 0) > (points[high]?.[1] ?? 0)) high = i;
    }
    for (const i of low < high ? [low, high] : [high, low]) kept.push(points[i] as [number, number]);
  }
  const last = points.at(-1) as [number, number];
  return kept.at(-1) === last ? kept : [...kept, last];
}
