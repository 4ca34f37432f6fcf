import { shortNumber } from '../short-number.js';
import { Braille } from './braille.js';
import { barFoot, barWidth, emptiness, pieces, scalesOf, thinned } from './geometry.js';
import type { Scale, Tick } from './scale.js';
import type { CurvePanel } from './spec.js';

const COLUMNS = 60;
const ROWS = 12;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export interface TextCurvesOptions {
  /** Characters from the left edge of the labels to the right edge. Default: 60 for the plot itself. */
  width?: number;
  /** Rows of the plot, without the two of its x axis. Default 12. */
  rows?: number;
  /** Dresses a stretch of characters: those of the series with an index, or of the axes. */
  paint?: (text: string, of: number | 'axis') => string;
  /** Also draws series that lie behind others. Default false. */
  faint?: boolean;
  /** Letters at the ends of the curves, if there are several. Default true. */
  letters?: boolean;
  /** A value on the x axis at which a line goes down. */
  cursor?: number | undefined;
}

/** Curves as a braille chart with both axes; a letter at the end of each curve says which it is. */
export function curvesText(panel: CurvePanel): string {
  const named = panel.series.filter(({ faint }) => !faint);
  const { lines, margin } = drawCurves(panel);
  const empty = emptiness(panel, scalesOf(panel, { x: 1, y: 1 }));
  const head = panel.y.label ? [`${' '.repeat(margin)} ${panel.y.label}`] : [];
  return [
    ...head,
    ...lines,
    ...(empty === undefined ? legend(panel, named, margin) : [`${' '.repeat(margin)}  ${empty}`]),
  ].join('\n');
}

/** The plot and its axes, without a legend; the labels of the y axis take the first `margin` characters. */
export function drawCurves(
  panel: CurvePanel,
  { width, rows = ROWS, paint = (text) => text, faint = false, letters = true, cursor }: TextCurvesOptions = {},
): { lines: string[]; margin: number } {
  const drawn = panel.series.filter((series) => faint || !series.faint);
  const named = drawn.filter((series) => !series.faint);
  const lettered = letters && named.length > 1;
  const scales = scalesOf({ ...panel, series: drawn }, { x: Math.ceil((width ?? COLUMNS) / 14), y: (rows >> 1) - 1 });
  const labels = rowLabels(scales.y, rows);
  const margin = Math.max(1, ...labels.map((label) => label.length));
  const columns = width === undefined ? COLUMNS : Math.max(4, width - margin - 2 - (lettered ? 1 + named.length : 0));

  const canvas = new Braille(columns, rows);
  const ends: string[] = Array.from({ length: rows }, () => '');
  const place = ([x, y]: [number, number]): [number, number] => [
    Math.round(x * (columns * 2 - 1)),
    Math.round((1 - y) * (rows * 4 - 1)),
  ];
  const line = drawn.length + 1;
  if (cursor !== undefined) {
    const [x] = place([scales.x.at(cursor), 0]);
    for (let y = 0; y < rows * 4; y += 2) canvas.plot(x, y, line);
  }
  for (const series of [...drawn].sort((a, b) => Number(b.faint ?? false) - Number(a.faint ?? false))) {
    const owner = drawn.indexOf(series) + 1;
    const half = Math.floor(Math.min(1, barWidth(series) / (scales.x.to - scales.x.from || 1)) * columns);
    const [, foot] = place([0, barFoot(scales.y)]);
    // More points than dots look the same, and take their time.
    const placed = pieces(series, scales).map((piece) => thinned(piece, columns * 8).map(place));
    for (const piece of placed) {
      piece.forEach((to, at) => {
        const [x, y] = to;
        if (series.kind === 'points') canvas.plot(x, y, owner);
        else if (series.kind !== 'bars') canvas.line(piece[at - 1] ?? to, to, owner);
        else for (let across = x - half; across <= x + half; across++) canvas.line([across, y], [across, foot], owner);
      });
    }
    const last = placed.at(-1)?.at(-1);
    if (last && lettered && !series.faint) ends[last[1] >> 2] += LETTERS[named.indexOf(series) % LETTERS.length] ?? '';
  }

  for (const { x = NaN, y = NaN } of panel.marks ?? []) {
    const at: [number, number] = [scales.x.at(x), scales.y.at(y)];
    if (at.every(Number.isFinite)) canvas.sign(...place(at), '●', line);
  }

  const dress = (text: string, owner: number) =>
    owner === 0 || owner === line ? paint(text, 'axis') : paint(text, panel.series.indexOf(drawn[owner - 1] as never));
  const plot = labels.map((label, y) =>
    `${paint(`${label.padStart(margin)} ${label ? '┤' : '│'}`, 'axis')}${canvas.row(y, dress)} ${ends[y]}`.trimEnd(),
  );
  const axis = xAxis(scales.x, margin, columns, panel.x.label ?? '').map((text) => paint(text, 'axis'));
  return { lines: [...plot, ...axis], margin };
}

function rowLabels({ ticks, at }: Scale, rows: number): string[] {
  const labels: string[] = Array.from({ length: rows }, () => '');
  for (const { value, text } of ticks) labels[Math.min(rows - 1, Math.round((1 - at(value)) * (rows - 1)))] ||= text;
  return labels;
}

function xAxis(
  { ticks, at }: { ticks: Tick[]; at: (value: number) => number },
  margin: number,
  columns: number,
  label: string,
): string[] {
  const rule = Array.from({ length: columns }, () => '─');
  const names = Array.from({ length: columns + 12 }, () => ' ');
  let free = 0;
  for (const { value, text } of ticks) {
    const column = Math.round(at(value) * (columns - 1));
    const from = Math.max(free, Math.min(column - (text.length >> 1), columns - text.length));
    if (from > column) continue;
    rule[column] = '┬';
    for (let i = 0; i < text.length; i++) names[from + i] = text.charAt(i);
    free = from + text.length + 1;
  }
  const below = names.join('').trimEnd();
  return [`${' '.repeat(margin)} └${rule.join('')}`, `${' '.repeat(margin + 2)}${below}${label && `  ${label}`}`];
}

function legend({ marks = [] }: CurvePanel, named: CurvePanel['series'], margin: number): string[] {
  const indent = ' '.repeat(margin + 2);
  const series = named.map(({ name, kind, y }, i) => {
    const last = Array.from(y).at(-1);
    const letter = named.length > 1 ? `${LETTERS[i % LETTERS.length]} ` : '';
    return `${letter}${name}${kind === 'line' && last !== undefined ? ` ${shortNumber(last)}` : ''}`;
  });
  const shown = named.length > 1 || named[0]?.name ? wrapped(series).map((line) => indent + line) : [];
  return [...shown, ...marks.map(({ label }) => `${indent}● ${label}`)];
}

function wrapped(words: string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < COLUMNS + 10) lines[lines.length - 1] = `${last}   ${word}`;
    else lines.push(word);
  }
  return lines;
}
