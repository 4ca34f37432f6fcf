import { escapeHtml } from '../escape.js';
import type { Scales } from './geometry.js';
import { placeMarks } from './marks.js';
import { BAD, INK } from './palette.js';
import { coordinate, finite, note, type Place } from './plotly-parts.js';
import type { CurvePanel } from './spec.js';

/** Marks, their labels placed as in the static picture: plotly would write them over each other. */
export function addMarks(
  panel: CurvePanel,
  { suffix, x: [left, right], y: [bottom, top], height }: Place,
  scales: Scales,
  data: Record<string, unknown>[],
  layout: Record<string, unknown>,
): void {
  const [xref, yref] = [`x${suffix}`, `y${suffix}`];
  // About: how wide a page is, the page knows.
  const [wide, high] = [640 * (right - left), height * (top - bottom)];
  const area = {
    left: 0,
    top: 0,
    width: wide,
    height: high,
    x: (value: number) => scales.x.at(value) * wide,
    y: (value: number) => (1 - scales.y.at(value)) * high,
  };
  for (const { of, x, y, label, from, baseline, apart } of placeMarks(panel.marks ?? [], area)) {
    const text = escapeHtml(label);
    const at = { x: coordinate(of.x, panel.x), y: coordinate(of.y, panel.y), xref, yref };
    if (Number.isFinite(x) && Number.isFinite(y)) {
      const marker = { color: BAD, size: 11, line: { color: '#ffffff', width: 1.5 } };
      const point = { type: 'scatter', mode: 'markers', x: [finite(of.x)], y: [finite(of.y)], marker };
      data.push({ ...point, showlegend: false, cliponaxis: false, xaxis: xref, yaxis: yref });
      const leader = { showarrow: true, arrowhead: 0, arrowwidth: 1, arrowcolor: apart ? INK : 'rgba(0,0,0,0)' };
      note(layout, { ...at, text, ...leader, ax: from - x, ay: baseline - y, xanchor: 'left', yanchor: 'bottom' });
    } else if (Number.isFinite(x)) {
      const place = { ...at, y: 1, yref: `${yref} domain`, xanchor: 'left', yanchor: 'top', yshift: 12 - baseline };
      addLine(layout, { x0: of.x, x1: of.x, xref, y0: 0, y1: 1, yref: `${yref} domain` });
      note(layout, { ...place, text });
    } else {
      const place = { ...at, x: 1, xref: `${xref} domain`, xanchor: 'right', yanchor: 'bottom' };
      addLine(layout, { y0: of.y, y1: of.y, yref, x0: 0, x1: 1, xref: `${xref} domain` });
      note(layout, { ...place, text });
    }
  }
}

function addLine(layout: Record<string, unknown>, ends: object): void {
  const shapes = (layout.shapes ??= []) as unknown[];
  shapes.push({ type: 'line', ...ends, line: { color: INK, width: 1, dash: 'dash' } });
}
