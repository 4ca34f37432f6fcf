import type { Axis, CurvePanel, FigureSpec, MatrixPanel, Panel, PicturesPanel, Series, Values } from './figure.js';
import { barWidth } from './geometry.js';
import { BAD, colourOf, dashOf, INK, rampColour, textOn } from './palette.js';
import { pictureAddress } from './png-file.js';
import { shortNumber } from './scale.js';
// plotly reads HTML in its texts.
import { escapeHtml } from '../escape.js';

/** What plotly.js takes: plain JSON. */
export interface PlotlyFigure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
}

/** Where a panel goes: the suffix of its axes' names, and its stretch of the paper from 0 to 1. */
interface Place {
  suffix: string;
  x: [number, number];
  y: [number, number];
  /** Pixels of the whole figure, to set things off by. */
  height: number;
}

const GRID = 'rgba(117,123,132,0.22)';
const MOST_POINTS = 5000;

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
      const gap = columns > 1 ? 0.04 : 0;
      const width = (1 - gap * (columns - 1)) / columns;
      const x: [number, number] = [column * (width + gap), column * (width + gap) + width];
      const top = below - headOf(panel) / height;
      const place: Place = { suffix, x, y: [Math.max(0, below - share + 44 / height), top], height };
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
      return 120 + Math.min(560, 44 * panel.rows.length);
    case 'pictures':
      return 50 + Math.ceil(panel.pictures.length / panel.columns) * 100;
  }
}

/** Room for a panel's title and its legend. */
function headOf(panel: Panel): number {
  const legend = panel.kind === 'curves' && panel.series.some(({ name }) => name !== '');
  return 10 + (panel.title ? 26 : 0) + (legend ? 22 : 0);
}

function addTitle(panel: Panel, { x, y, height }: Place, layout: Record<string, unknown>): void {
  const { title } = panel;
  if (!title) return;
  (layout.annotations as unknown[]).push({
    text: `<b>${escapeHtml(title)}</b>`,
    showarrow: false,
    xref: 'paper',
    yref: 'paper',
    x: x[0],
    y: y[1] + (headOf(panel) - 34) / height,
    xanchor: 'left',
    yanchor: 'bottom',
    font: { size: 13 },
  });
}

function addCurves(
  panel: CurvePanel,
  place: Place,
  data: Record<string, unknown>[],
  layout: Record<string, unknown>,
): void {
  const { suffix, x, y, height } = place;
  const legend = `legend${suffix}`;
  layout[`xaxis${suffix}`] = { ...axis(panel.x, `y${suffix}`), domain: x };
  const lying = panel.series.some(({ kind }) => kind === 'rows');
  layout[`yaxis${suffix}`] = {
    ...axis(panel.y, `x${suffix}`),
    domain: y,
    ...(lying ? { autorange: 'reversed' } : {}),
  };
  layout[legend] = { x: x[0], y: y[1] + 2 / height, yanchor: 'bottom', orientation: 'h', bgcolor: 'rgba(0,0,0,0)' };
  if (panel.series.some(({ kind }) => kind === 'rows' || (kind === 'bars' && panel.x.categories)))
    layout.barmode = 'group';
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, legend };
  panel.series.forEach((series, i) => data.push({ ...trace(panel, series, series.colour ?? i), ...axes }));
  for (const mark of panel.marks ?? []) addMark(mark, panel, axes, data, layout);
}

function axis({ label, scale, categories, integer }: Axis, anchor: string): Record<string, unknown> {
  return {
    anchor,
    automargin: true,
    gridcolor: GRID,
    linecolor: INK,
    zeroline: false,
    ...(label ? { title: { text: escapeHtml(label), standoff: 8 } } : {}),
    ...(categories ? { type: 'category' } : { type: scale ?? 'linear' }),
    ...(scale === 'log' ? { exponentformat: 'power', dtick: 1 } : {}),
    ...(integer ? { tickformat: ',d' } : {}),
  };
}

function trace(panel: CurvePanel, series: Series, index: number): Record<string, unknown> {
  const color = colourOf(index);
  const few = series.x.length <= 30;
  const dash = dashOf(index);
  const shared = {
    name: escapeHtml(series.name),
    x: coordinates(series.x, panel.x),
    y: coordinates(series.y, panel.y),
    showlegend: !series.faint && (panel.series.length > 1 || series.name !== ''),
  };
  if (series.kind === 'bars' || series.kind === 'rows') {
    const categorical = (series.kind === 'rows' ? panel.y : panel.x).categories;
    return {
      ...shared,
      type: 'bar',
      orientation: series.kind === 'rows' ? 'h' : 'v',
      marker: { color, opacity: categorical || panel.series.length === 1 ? 1 : 0.55 },
      ...(categorical ? {} : { width: barWidth(series) * 0.94 }),
    };
  }
  const mode =
    series.kind === 'points' ? 'markers' : (series.marked ?? (few && !series.faint)) ? 'lines+markers' : 'lines';
  return {
    ...thinnedTrace(shared, series),
    type: 'scatter',
    mode,
    line: {
      color,
      width: series.faint ? 1 : 2,
      ...(dash
        ? {
            dash: dash
              .split(' ')
              .map((n) => `${n}px`)
              .join(','),
          }
        : {}),
    },
    marker: { color, size: 6 },
    ...(series.faint ? { opacity: 0.3, hoverinfo: 'skip' } : {}),
  };
}

/** Every so-manieth point of a series that has more than can be moved about smoothly. */
function thinnedTrace<T extends { x: unknown[]; y: unknown[] }>(trace: T, { x }: Series): T {
  const every = Math.ceil(x.length / MOST_POINTS);
  if (every <= 1) return trace;
  const keep = (_: unknown, i: number) => i % every === 0 || i === x.length - 1;
  return { ...trace, x: trace.x.filter(keep), y: trace.y.filter(keep) };
}

function coordinates(values: Values, { categories }: Axis): unknown[] {
  if (categories) return Array.from(values, (value) => escapeHtml(categories[value] ?? String(value)));
  return Array.from(values, finite);
}

/** JSON has no NaN; plotly takes null for a gap. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function addMark(
  { x, y, label }: { x?: number; y?: number; label: string },
  panel: CurvePanel,
  axes: { xaxis: string; yaxis: string; legend: string },
  data: Record<string, unknown>[],
  layout: Record<string, unknown>,
): void {
  const text = escapeHtml(label);
  if (x !== undefined && y !== undefined) {
    const marker = { color: BAD, size: 11, line: { color: '#ffffff', width: 1.5 } };
    data.push({
      type: 'scatter',
      mode: 'markers+text',
      x: [finite(x)],
      y: [finite(y)],
      text: [text],
      textposition: 'top right',
      marker,
      showlegend: false,
      cliponaxis: false,
      ...axes,
    });
    return;
  }
  const upright = x !== undefined;
  const at = finite((upright ? x : y) ?? NaN);
  if (at === null) return;
  const across = upright
    ? { x0: at, x1: at, xref: axes.xaxis, y0: 0, y1: 1, yref: `${axes.yaxis} domain` }
    : { y0: at, y1: at, yref: axes.yaxis, x0: 0, x1: 1, xref: `${axes.xaxis} domain` };
  const shapes = (layout.shapes ??= []) as unknown[];
  shapes.push({ type: 'line', ...across, line: { color: INK, width: 1, dash: 'dash' } });
  const log = (upright ? panel.x : panel.y).scale === 'log';
  // An annotation's place on a log axis is the logarithm.
  const place = log ? Math.log10(at) : at;
  (layout.annotations as unknown[]).push({
    text,
    showarrow: false,
    ...(upright
      ? { x: place, xref: axes.xaxis, y: 1, yref: `${axes.yaxis} domain`, xanchor: 'left', yanchor: 'top' }
      : { y: place, yref: axes.yaxis, x: 1, xref: `${axes.xaxis} domain`, xanchor: 'right', yanchor: 'bottom' }),
  });
}

function addMatrix(
  panel: MatrixPanel,
  { suffix, x, y }: Place,
  data: Record<string, unknown>[],
  layout: Record<string, unknown>,
): void {
  const { rows, columns, values, rowLabel, columnLabel, diagonal } = panel;
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const shown = values.map((row, i) => Array.from(row, (value, j) => panel.text?.(value, i, j) ?? shortNumber(value)));
  // Two heat maps over each other, one for hits and one for mistakes: each has its own colours and its own scale.
  for (const ramp of diagonal ? (['main', 'mistake'] as const) : (['main'] as const)) {
    const z = values.map((row, i) =>
      Array.from(row, (value, j) =>
        value !== 0 && (!diagonal || (i === j) === (ramp === 'main')) ? finite(value) : null,
      ),
    );
    const most = Math.max(0, ...z.flat().map((value) => Math.abs(value ?? 0)));
    data.push({
      type: 'heatmap',
      z,
      x: columns.map((_, j) => j),
      y: rows.map((_, i) => i),
      customdata: shown.map((row, i) => row.map((text, j) => [text, rows[i], columns[j]])),
      hovertemplate: `${escapeHtml(rowLabel ?? 'row')} %{customdata[1]}<br>${escapeHtml(columnLabel ?? 'column')} %{customdata[2]}<br><b>%{customdata[0]}</b><extra></extra>`,
      colorscale: [0, 0.25, 0.5, 0.75, 1].map((share) => [share, rampColour(ramp, share)]),
      zmin: 0,
      zmax: most || 1,
      showscale: false,
      xgap: 1,
      ygap: 1,
      ...axes,
    });
    if (columns.length > 24) continue;
    z.forEach((row, i) =>
      row.forEach((value, j) => {
        if (value === null) return;
        const color = textOn(ramp, Math.abs(value) / (most || 1));
        (layout.annotations as unknown[]).push({
          text: shown[i]?.[j],
          x: j,
          y: i,
          xref: axes.xaxis,
          yref: axes.yaxis,
          showarrow: false,
          font: { color, size: 11 },
        });
      }),
    );
  }
  const named = (names: readonly string[], label: string | undefined) => ({
    tickvals: names.map((_, i) => i),
    ticktext: names.map(escapeHtml),
    automargin: true,
    showgrid: false,
    zeroline: false,
    ...(label ? { title: { text: escapeHtml(label), standoff: 8 } } : {}),
  });
  // As wide as the cells are high: tying the axes to each other would push their titles into the names.
  const end = Math.min(x[1], x[0] + (columns.length * 46) / 640);
  layout[`xaxis${suffix}`] = {
    ...named(columns, columnLabel),
    anchor: axes.yaxis,
    domain: [x[0], end],
    side: 'bottom',
  };
  layout[`yaxis${suffix}`] = {
    ...named(rows, rowLabel),
    anchor: axes.xaxis,
    domain: y,
    autorange: 'reversed',
  };
}

function addPictures(
  { pictures, columns }: PicturesPanel,
  { suffix, x, y }: Place,
  data: Record<string, unknown>[],
  layout: Record<string, unknown>,
): void {
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const rows = Math.ceil(pictures.length / columns);
  pictures.forEach((picture, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    (layout.images as unknown[]).push({
      source: pictureAddress(picture, 80),
      xref: axes.xaxis,
      yref: axes.yaxis,
      x: column + 0.04,
      y: row + 0.02,
      sizex: 0.92,
      sizey: 0.76,
      xanchor: 'left',
      yanchor: 'top',
    });
    if (picture.caption === undefined) return;
    const font = picture.tone ? { font: { color: picture.tone === 'bad' ? BAD : colourOf(2) } } : {};
    (layout.annotations as unknown[]).push({
      text: escapeHtml(picture.caption),
      x: column + 0.5,
      y: row + 0.79,
      xref: axes.xaxis,
      yref: axes.yaxis,
      yanchor: 'top',
      showarrow: false,
      ...font,
    });
  });
  // An axis pair without any trace is not drawn, and pictures with it.
  data.push({
    type: 'scatter',
    mode: 'markers',
    x: [0],
    y: [0],
    marker: { opacity: 0 },
    hoverinfo: 'skip',
    showlegend: false,
    ...axes,
  });
  const bare = { visible: false, fixedrange: true };
  layout[`xaxis${suffix}`] = { ...bare, range: [0, columns], domain: x, anchor: axes.yaxis };
  layout[`yaxis${suffix}`] = { ...bare, range: [rows, 0], domain: y, anchor: axes.xaxis };
}
