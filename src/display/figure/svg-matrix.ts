import type { MatrixPanel } from './spec.js';
import { BAD, rampColour, textOn } from './palette.js';
import { shortNumber } from '../short-number.js';
import { fitText, rect, text, textWidth, type Drawn } from './svg-text.js';

const LARGEST = 46;

export function matrixPanel(panel: MatrixPanel, width: number): Drawn {
  const { rows, columns, values, rowLabel, columnLabel } = panel;
  const elements: string[] = [];
  let top = 6;
  if (panel.title) {
    elements.push(text(0, top + 10, fitText(panel.title, 13, width), { size: 13, bold: true }));
    top += 24;
  }
  const left = Math.min(width * 0.3, Math.max(0, ...rows.map((name) => textWidth(name, 11))) + 9 + (rowLabel ? 20 : 0));
  const cell = Math.min(LARGEST, (width - left) / Math.max(1, columns.length));
  const size = Math.max(6, Math.min(12, cell * 0.3));
  const most = (wanted: boolean) =>
    largest(values.flatMap((row, i) => Array.from(row).filter((_, j) => !panel.diagonal || (i === j) === wanted)));
  const scale = { main: most(true), mistake: panel.diagonal ? most(false) : 1 };
  const turned = columns.some((name) => textWidth(name, 11) > cell - 2);
  const head = turned ? Math.min(90, Math.max(0, ...columns.map((name) => textWidth(name, 11) * 0.75)) + 10) : 16;
  if (columnLabel) {
    elements.push(text(left + (cell * columns.length) / 2, top + 8, columnLabel, { anchor: 'middle', bold: true }));
    top += 16;
  }
  top += head;
  const every = Math.max(1, Math.ceil(14 / cell));
  columns.forEach((name, j) => {
    if (j % every !== 0) return;
    const x = left + (j + 0.5) * cell;
    const label = fitText(name, 11, turned ? 110 : cell);
    elements.push(text(x, top - 5, label, turned ? { turned: -45 } : { anchor: 'middle' }));
  });
  rows.forEach((name, i) => {
    const y = top + i * cell;
    const room = left - 8 - (rowLabel ? 20 : 0);
    if (i % every === 0) elements.push(text(left - 6, y + cell / 2 + 4, fitText(name, 11, room), { anchor: 'end' }));
    columns.forEach((_, j) => {
      const value = values[i]?.[j] ?? NaN;
      const ramp = panel.diagonal && i !== j ? 'mistake' : 'main';
      const share = scale[ramp] > 0 ? Math.abs(value) / scale[ramp] : 0;
      const blank = value === 0 || !Number.isFinite(value);
      const fill = blank ? 'fill="#808080" fill-opacity="0.1"' : `fill="${rampColour(ramp, share)}"`;
      const gap = cell > 8 ? 1 : 0;
      elements.push(rect(left + j * cell, y, cell - gap, cell - gap, fill));
      const shown = panel.text?.(value, i, j) ?? shortNumber(value);
      if (cell < 16 || (value === 0 && panel.diagonal) || textWidth(shown, size) > cell) return;
      const colour = Number.isFinite(value) ? (blank ? {} : { colour: textOn(ramp, share) }) : { colour: BAD };
      elements.push(
        text(left + (j + 0.5) * cell, y + cell / 2 + size * 0.36, shown, { anchor: 'middle', size, ...colour }),
      );
    });
  });
  const height = top + rows.length * cell;
  if (rowLabel) {
    const middle = top + (rows.length * cell) / 2;
    elements.push(text(11, middle, rowLabel, { anchor: 'middle', bold: true, turned: -90 }));
  }
  return { height: height + 4, elements };
}

function largest(values: number[]): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
}
