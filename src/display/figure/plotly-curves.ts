import { escapeHtml } from '../escape.js';
import { barWidth } from './geometry.js';
import { BAD, colourOf, dashOf, INK } from './palette.js';
import { finite, type Place } from './plotly-parts.js';
import type { Axis, CurvePanel, Mark, Series, Values } from './spec.js';

const GRID = 'rgba(117,123,132,0.22)';
const MOST_POINTS = 5000;

export function addCurves(
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

function addMark(
  { x, y, label }: Mark,
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
