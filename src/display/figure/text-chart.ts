import type { CurvePanel, FigureSpec, MatrixPanel, Panel, PicturesPanel } from './spec.js';
import { curvesText } from './text-curves.js';
import { shortNumber } from '../short-number.js';
import { alignedText } from '../aligned-text.js';

/** The figure as lines of characters. */
export function textChart({ title, panels }: Pick<FigureSpec, 'title' | 'panels'>): string {
  return [...(title ? [title] : []), ...panels.map(panelText)].join('\n\n');
}

function panelText(panel: Panel): string {
  const lines = { curves: curves, matrix: matrix, pictures: pictures }[panel.kind](panel as never);
  return [...(panel.title ? [panel.title] : []), lines].join('\n');
}

/** Bars that lie are a list of names with bars; everything else is a chart. */
function curves(panel: CurvePanel): string {
  if (panel.series.filter(({ kind }) => kind === 'bars').length > 1) return barCharts(panel);
  if (!panel.series.some(({ kind }) => kind === 'rows')) return curvesText(panel);
  const names = panel.y.categories ?? [];
  const log = panel.x.scale === 'log';
  const sized = panel.series.flatMap(({ x }) => Array.from(x).filter((value) => Number.isFinite(value) && value > 0));
  const [least, most] = [Math.min(...sized), Math.max(...sized)];
  const share = (value: number) =>
    log ? (Math.log(value) - Math.log(least) + 1) / (Math.log(most) - Math.log(least) + 1) : value / most;
  const blocks = panel.series.map((series) => {
    const rows = Array.from(series.x, (value, i) => {
      const length = Number.isFinite(value) && value > 0 ? Math.max(1, Math.round(share(value) * 30)) : 0;
      return [shortName(names[series.y[i] ?? -1] ?? ''), shortNumber(value), '█'.repeat(length)];
    });
    return `${series.name}\n${alignedText(['', '', ''], rows, ['left', 'right', 'left']).split('\n').slice(1).join('\n')}`;
  });
  return blocks.join('\n');
}

/** Bars that stand before others would hide them: a chart for each. */
function barCharts(panel: CurvePanel): string {
  const charts = panel.series.map((series) => {
    const chart = curvesText({ ...panel, series: [{ ...series, name: '' }] });
    return series.name ? `${series.name}\n${chart}` : chart;
  });
  return charts.join('\n\n');
}

/** Its end tells more than its beginning: that is where paths differ. */
function shortName(name: string): string {
  return name.length > 40 ? `…${name.slice(-39)}` : name;
}

function matrix({ rows, columns, values, rowLabel, columnLabel, text = shortNumber }: MatrixPanel): string {
  const cells = rows.map((name, i) => [name, ...columns.map((_, j) => text(values[i]?.[j] ?? NaN, i, j))]);
  const corner = [rowLabel && `${rowLabel} ↓`, columnLabel && `${columnLabel} →`].filter(Boolean).join('  ');
  return alignedText([corner, ...columns], cells, ['left', ...columns.map(() => 'right' as const)]);
}

/** From dark to light, two characters for a square. */
const SHADES = [' ', '░', '▒', '▓', '█'];

function pictures({ pictures: all, columns }: PicturesPanel): string {
  const across = Math.max(1, Math.min(columns, 5));
  const lines: string[] = [];
  for (let first = 0; first < Math.min(all.length, 2 * across); first += across) {
    const drawn = all.slice(first, first + across).map(({ width, height, rgba, caption = '' }) => {
      const step = Math.max(1, Math.ceil(width / 14));
      const rows = Array.from({ length: Math.ceil(height / step / 2) }, (_, row) =>
        Array.from({ length: Math.ceil(width / step) }, (__, column) => {
          const at = (Math.min(height - 1, row * 2 * step) * width + column * step) * 4;
          const light = ((rgba[at] ?? 0) + (rgba[at + 1] ?? 0) + (rgba[at + 2] ?? 0)) / 3;
          return SHADES[Math.round((light / 255) * 4)] ?? ' ';
        }).join(''),
      );
      const size = rows[0]?.length ?? 0;
      return [...rows, caption.slice(0, size).padEnd(size)];
    });
    const height = Math.max(...drawn.map((rows) => rows.length));
    for (let y = 0; y < height; y++)
      lines.push(
        drawn
          .map((rows) => rows[y] ?? '')
          .join('  ')
          .trimEnd(),
      );
  }
  while (lines.at(-1) === '') lines.pop();
  if (all.length > 2 * across) lines.push(`... and ${all.length - 2 * across} more`);
  return lines.join('\n');
}
