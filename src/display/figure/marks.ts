import type { Rectangle } from './geometry.js';
import type { Mark } from './spec.js';
import { fitText, textWidth } from './svg-text.js';

/** A rectangle in pixels, and where values lie in it: NaN for those that have no place. */
export interface Area extends Rectangle {
  x(value: number): number;
  y(value: number): number;
}

/** Where a mark is drawn: a point, or a line across where x or y is NaN. */
export interface PlacedMark {
  of: Mark;
  x: number;
  y: number;
  label: string;
  /** Left end of the label, and its baseline. */
  from: number;
  baseline: number;
  /** The label has no room beside its point: a line has to lead to it. */
  apart: boolean;
}

const SIZE = 11;
const LINE = 15;
/** From a point to its label. */
const OFF = 9;

/** Places marks so that no label covers another one, as far as there is room; those without a place are left out. */
export function placeMarks(marks: readonly Mark[], area: Area): PlacedMark[] {
  const { left, top, width, height } = area;
  const taken: PlacedMark[] = [];
  const isFree = (from: number, to: number, baseline: number): boolean =>
    taken.every((other) => {
      const aside = other.from >= to || from >= other.from + textWidth(other.label, SIZE);
      return aside || Math.abs(other.baseline - baseline) >= LINE;
    });
  const placed = marks.map((of) => ({
    of,
    x: placeOf(of.x, area.x),
    y: placeOf(of.y, area.y),
    label: fitText(of.label, SIZE, width * 0.6),
  }));
  const isPoint = ({ x, y }: { x: number; y: number }) => Number.isFinite(x) && Number.isFinite(y);
  // From right to left: a label that makes way upwards then hangs on a line that passes the others on their left.
  const points = placed.filter(isPoint).sort((a, b) => b.x - a.x);
  const lines = placed.filter((mark) => !isPoint(mark) && (Number.isFinite(mark.x) || Number.isFinite(mark.y)));
  for (const mark of [...lines, ...points]) {
    const long = textWidth(mark.label, SIZE);
    const at = Number.isFinite(mark.x) ? mark.x : left + width;
    const from = at + OFF + long > left + width ? Math.max(left, at - (isPoint(mark) ? OFF : 0) - long) : at + OFF;
    const highest = top + SIZE + 1;
    const wanted = Math.max(highest, Number.isFinite(mark.y) ? mark.y - OFF : highest);
    const baseline =
      rowsFrom(wanted, highest, top + height - 4).find((row) => isFree(from, from + long, row)) ?? wanted;
    taken.push({ ...mark, from, baseline, apart: isPoint(mark) && baseline !== wanted });
  }
  return taken;
}

/** An axis of one value has a place for every number, but none for what is not one. */
function placeOf(value: number | undefined, at: (value: number) => number): number {
  return value !== undefined && Number.isFinite(value) ? at(value) : NaN;
}

/** Baselines to try: the wanted one, those above it, those below it. */
function rowsFrom(wanted: number, highest: number, lowest: number): number[] {
  const above = Math.max(0, Math.floor((wanted - highest) / LINE));
  const below = Math.max(0, Math.floor((lowest - wanted) / LINE));
  return [
    wanted,
    ...Array.from({ length: above }, (_, i) => wanted - (i + 1) * LINE),
    ...Array.from({ length: below }, (_, i) => wanted + (i + 1) * LINE),
  ];
}
