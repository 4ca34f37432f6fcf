import { escapeHtml } from '../escape.js';
import { barWidth, scalesOf } from './geometry.js';
import { colourOf, dashOf, INK } from './palette.js';
import { addMarks } from './plotly-marks.js';
import { addNotes } from './plotly-notes.js';
import { finite, type Place } from './plotly-parts.js';
import type { Scale } from './scale.js';
import type { Axis, CurvePanel, Series, Values } from './spec.js';

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
  const scales = scalesOf(panel, { x: 6, y: 5 });
  layout[`xaxis${suffix}`] = { ...axis(panel.x, `y${suffix}`, scales.x), domain: x };
  const lying = panel.series.some(({ kind }) => kind === 'rows');
  layout[`yaxis${suffix}`] = {
    ...axis(panel.y, `x${suffix}`, scales.y),
    domain: y,
    ...(lying ? { autorange: 'reversed' } : {}),
  };
  layout[legend] = { x: x[0], y: y[1] + 2 / height, yanchor: 'bottom', orientation: 'h', bgcolor: 'rgba(0,0,0,0)' };
  if (panel.series.some(({ kind }) => kind === 'rows' || (kind === 'bars' && panel.x.categories)))
    layout.barmode = 'group';
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, legend };
  panel.series.forEach((series, i) => data.push({ ...trace(panel, series, series.colour ?? i), ...axes }));
  addMarks(panel, place, scales, data, layout);
  addNotes(panel, place, scales, layout);
}

function axis(
  { label, scale, categories, integer }: Axis,
  anchor: string,
  { from, to }: Scale,
): Record<string, unknown> {
  return {
    anchor,
    automargin: true,
    gridcolor: GRID,
    linecolor: INK,
    zeroline: false,
    // Nothing to see, but room between the names and the plot.
    ticks: 'outside',
    ticklen: 4,
    tickcolor: 'rgba(0,0,0,0)',
    ...(label ? { title: { text: escapeHtml(label), standoff: 8 } } : {}),
    ...(categories ? { type: 'category' } : { type: scale ?? 'linear' }),
    // Between whole numbers there is nothing to name.
    ...(integer ? { tickformat: 'd', ...(to - from < 6 ? { dtick: 1 } : {}) } : {}),
    ...(scale === 'log' ? { tickformat: '~g', dtick: logStep(Math.log10(to) - Math.log10(from)) } : {}),
  };
}

/** Every power of ten, or every so many, or 1, 2, 5 of each. Left alone, plotly names these by their first digit. */
function logStep(decades: number): number | string {
  return decades > 3 ? Math.ceil(decades / 9) : decades > 0.5 ? 'D2' : 'D1';
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
