import { escapeHtml } from '../escape.js';
import { INK } from './palette.js';
import { addCurves } from './plotly-curves.js';
import { addMatrix } from './plotly-matrix.js';
import { note, type Place, type PlotlyFigure } from './plotly-parts.js';
import { addPictures } from './plotly-pictures.js';
import type { FigureSpec, MatrixPanel, Panel } from './spec.js';

/** The figure as plotly draws it. Plotly reads HTML in its texts. */
export function plotlyOf({ title, panels, columns = 1 }: FigureSpec): PlotlyFigure {
  const rows: Panel[][] = [];
  for (let i = 0; i < panels.length; i += columns) rows.push(panels.slice(i, i + columns));
  const heights = rows.map((row) => Math.max(...row.map(heightOf)));
  const height = heights.reduce((sum, h) => sum + h, 0);
  const data: Record<string, unknown>[] = [];
  const layout: Record<string, unknown> = {
    height: height + (title ? 40 : 10),
    margin: { l: 8, r: 12, t: title ? 40 : 10, b: 8 },
    font: { color: INK, size: 12 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    hovermode: 'closest',
    barmode: 'overlay',
    annotations: [],
    images: [],
    ...(title
      ? { title: { text: `<b>${escapeHtml(title)}</b>`, x: 0.01, xref: 'container', font: { size: 16 } } }
      : {}),
  };
  let below = 1;
  let index = 0;
  rows.forEach((row, i) => {
    const share = (heights[i] ?? 0) / (height || 1);
    row.forEach((panel, column) => {
      const suffix = index++ === 0 ? '' : String(index);
      // The names on the axis of the panel at the right go there.
      const gap = columns > 1 ? (panels.some(isLabelled) ? 0.11 : 0.08) : 0;
      const width = (1 - gap * (columns - 1)) / columns;
      const x: [number, number] = [column * (width + gap), column * (width + gap) + width];
      const top = below - headOf(panel) / height;
      const lowest = below - share + footOf(panel) / height;
      const bottom = Math.max(0, panel.kind === 'matrix' ? top - sideOf(panel) / height : lowest);
      const place: Place = { suffix, x, y: [bottom, top], height };
      addTitle(panel, place, layout);
      if (panel.kind === 'curves') addCurves(panel, place, data, layout);
      else if (panel.kind === 'matrix') addMatrix(panel, place, data, layout);
      else addPictures(panel, place, data, layout);
    });
    below -= share;
  });
  return { data, layout };
}

function heightOf(panel: Panel): number {
  switch (panel.kind) {
    case 'curves':
      return panel.series.some(({ kind }) => kind === 'rows') ? 100 + 22 * (panel.y.categories?.length ?? 0) : 310;
    case 'matrix':
      return headOf(panel) + sideOf(panel) + footOf(panel);
    case 'pictures':
      return headOf(panel) + Math.ceil(panel.pictures.length / panel.columns) * 100;
  }
}

/** How high a matrix is: its cells are squares as long as there is room. */
function sideOf({ rows }: MatrixPanel): number {
  return Math.min(600, 46 * rows.length);
}

function isLabelled(panel: Panel): boolean {
  return panel.kind === 'curves' && panel.y.label !== undefined;
}

/** Room below a panel, for what is written on its x axis. */
function footOf({ kind }: Panel): number {
  return { curves: 44, matrix: 60, pictures: 0 }[kind];
}

/** Room for a panel's title and its legend. */
function headOf(panel: Panel): number {
  const legend = panel.kind === 'curves' && panel.series.some(({ name }) => name !== '');
  return 10 + (panel.title ? 26 : 0) + (legend ? 22 : 0);
}

function addTitle(panel: Panel, { x, y, height }: Place, layout: Record<string, unknown>): void {
  const { title } = panel;
  if (!title) return;
  note(layout, {
    text: `<b>${escapeHtml(title)}</b>`,
    xref: 'paper',
    yref: 'paper',
    x: x[0],
    y: y[1] + (headOf(panel) - 34) / height,
    xanchor: 'left',
    yanchor: 'bottom',
    font: { size: 13 },
  });
}
