import type { CurvePanel } from './spec.js';
import { barWidth, pieces, scalesOf } from './geometry.js';
import { type Tick } from './scale.js';
import { shortNumber } from '../short-number.js';

const COLUMNS = 60;
const ROWS = 12;
/** Bits of the dots of a braille character, by column and row. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Curves as a braille chart with both axes; a letter at the end of each curve says which it is. */
export function curvesText(panel: CurvePanel): string {
  const named = panel.series.filter(({ faint }) => !faint);
  const scales = scalesOf({ ...panel, series: named }, { x: 5, y: 5 });
  const cells = Array.from({ length: ROWS }, () => new Uint8Array(COLUMNS));
  const ends: string[] = Array.from({ length: ROWS }, () => '');
  const plot = (x: number, y: number): void => {
    const row = cells[y >> 2];
    if (row && x >= 0 && x < COLUMNS * 2) row[x >> 1] = (row[x >> 1] ?? 0) | (DOTS[x & 1]?.[y & 3] ?? 0);
  };
  const place = ([x, y]: [number, number]): [number, number] => [
    Math.round(x * (COLUMNS * 2 - 1)),
    Math.round((1 - y) * (ROWS * 4 - 1)),
  ];
  const column = (x: number, y: number, half: number): void => {
    for (let at = x - half; at <= x + half; at++) for (let down = y; down < ROWS * 4; down++) plot(at, down);
  };
  named.forEach((series, i) => {
    const share = barWidth(series) / (scales.x.to - scales.x.from || 1);
    const half = Math.floor(Math.min(1, share) * COLUMNS);
    const drawn = pieces(series, scales).map((piece) => piece.map(place));
    for (const piece of drawn) {
      piece.forEach((to, at) => {
        const [x, y] = to;
        if (series.kind === 'bars') column(x, y, half);
        else if (series.kind === 'points') plot(x, y);
        else stretch(piece[at - 1] ?? to, to, plot);
      });
    }
    const last = drawn.at(-1)?.at(-1);
    if (last && named.length > 1) ends[last[1] >> 2] += LETTERS[i % LETTERS.length] ?? '';
  });

  const labels = rowLabels(scales.y);
  const margin = Math.max(1, ...labels.map((label) => label.length));
  const lines = cells.map((row, i) => {
    const label = labels[i] ?? '';
    const drawn = Array.from(row, (bits) => String.fromCharCode(0x2800 + bits)).join('');
    return `${label.padStart(margin)} ${label ? '┤' : '│'}${drawn.replaceAll('\u2800', ' ')} ${ends[i]}`.trimEnd();
  });
  const head = panel.y.label ? [`${' '.repeat(margin)} ${panel.y.label}`] : [];
  return [...head, ...lines, ...xAxis(scales.x, margin, panel.x.label ?? ''), ...legend(panel, named, margin)].join(
    '\n',
  );
}

function stretch([x0, y0]: [number, number], [x1, y1]: [number, number], plot: (x: number, y: number) => void): void {
  const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
  for (let i = 0; i <= steps; i++) {
    plot(Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps));
  }
}

function rowLabels({ ticks, at }: { ticks: Tick[]; at: (value: number) => number }): string[] {
  const labels: string[] = Array.from({ length: ROWS }, () => '');
  for (const { value, text } of ticks) labels[Math.min(ROWS - 1, Math.round((1 - at(value)) * (ROWS - 1)))] ||= text;
  return labels;
}

function xAxis(
  { ticks, at }: { ticks: Tick[]; at: (value: number) => number },
  margin: number,
  label: string,
): string[] {
  const rule = Array.from({ length: COLUMNS }, () => '─');
  const names = Array.from({ length: COLUMNS + 12 }, () => ' ');
  let free = 0;
  for (const { value, text } of ticks) {
    const column = Math.round(at(value) * (COLUMNS - 1));
    const from = Math.max(free, Math.min(column - (text.length >> 1), COLUMNS - text.length));
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
  return [...shown, ...marks.map(({ label }) => `${indent}• ${label}`)];
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
