import { shortNumber } from '../../src/display/short-number.js';
import { histogramBars } from '../text/bars.js';
import { fitEnd } from '../text/fit.js';
import { style } from '../text/style.js';
import type { ParameterView, TensorView } from '../store/state.js';
import { selectedIn, stretch, type Pane } from './pane.js';

/** Weights and gradients, layer by layer: norms, and how the values are distributed. */
export const parameters: Pane = {
  items: ({ view }) => view?.parameters.length ?? 0,
  note: ({ view }) => {
    const squares = view?.parameters.map(({ gradient }) => (gradient?.norm ?? 0) ** 2) ?? [];
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    return norm > 0 ? `|grad| ${shortNumber(norm)}` : '';
  },
  rows({ view, selected: { parameters: at }, focus }, { columns, rows }) {
    const all = view?.parameters ?? [];
    if (all.length === 0) return [style.dim('  none yet: the run has not begun')];
    const selected = selectedIn(at, all.length);
    const { from, to } = stretch(selected, all.length, Math.max(1, (rows - 1) >> (columns < 64 ? 1 : 0)));
    const mark = (i: number) =>
      from + i === selected ? (focus === 'parameters' ? style.accent('›') : style.dim('›')) : ' ';
    return columns < 64 ? narrow(all.slice(from, to), columns, mark) : wide(all.slice(from, to), columns, mark);
  },
};

const NORM = 10;

function wide(some: readonly ParameterView[], columns: number, mark: (i: number) => string): string[] {
  const bars = Math.min(24, (columns - 18 - 2 * NORM - 6) >> 1);
  const name = columns - 2 * (bars + NORM + 2) - 2;
  const head = ` ${' '.repeat(name)}  ${'|w|'.padStart(NORM)} ${'weights'.padEnd(bars)} ${'|grad|'.padStart(NORM)} gradient`;
  return [
    style.dim(head),
    ...some.map(
      (each, i) =>
        `${mark(i)}${nameOf(each, name)}  ${numbers(each.value)} ${barsOf(each.value, bars, style.accent)} ${numbers(each.gradient)} ${barsOf(each.gradient, bars, style.series(1))}`,
    ),
  ];
}

function narrow(some: readonly ParameterView[], columns: number, mark: (i: number) => string): string[] {
  const bars = Math.max(4, (columns - 2 * NORM - 5) >> 1);
  return [
    style.dim(`  ${'|w|'.padStart(NORM)} ${'weights'.padEnd(bars)}${'|grad|'.padStart(NORM)}`),
    ...some.flatMap((each, i) => [
      `${mark(i)}${nameOf(each, columns - 2)}`,
      `  ${numbers(each.value)} ${barsOf(each.value, bars, style.accent)}${numbers(each.gradient)} ${barsOf(each.gradient, bars, style.series(1))}`,
    ]),
  ];
}

function nameOf({ name, shape, frozen }: ParameterView, width: number): string {
  const size = ` ${shape.join('×') || '1'}${frozen ? ' frozen' : ''}`;
  return (
    fitEnd(name, Math.max(4, width - size.length))
      .trimEnd()
      .padEnd(Math.max(4, width - size.length)) + style.dim(size)
  );
}

function numbers(tensor: TensorView | undefined): string {
  if (!tensor) return style.dim('—'.padStart(NORM));
  const text = shortNumber(tensor.norm).padStart(NORM);
  return tensor.notFinite > 0 ? style.bad(`${tensor.notFinite} bad`.padStart(NORM)) : text;
}

/** The histogram in fewer bars, if there is not room for all. */
function barsOf(tensor: TensorView | undefined, width: number, paint: (text: string) => string): string {
  if (!tensor) return ' '.repeat(width);
  const { counts } = tensor;
  const merged = Array.from({ length: Math.min(width, counts.length) }, () => 0);
  counts.forEach((count, i) => {
    const at = Math.floor((i * merged.length) / counts.length);
    merged[at] = (merged[at] ?? 0) + count;
  });
  return paint(histogramBars(merged)) + ' '.repeat(Math.max(0, width - merged.length));
}
