import { escapeHtml } from '../escape.js';
import { emptiness, holes, type Scales } from './geometry.js';
import { BAD, colourOf } from './palette.js';
import { coordinate, note, type Place } from './plotly-parts.js';
import type { CurvePanel } from './spec.js';

/** What has no place on the axes is told of where it would be: values that are not finite, bars without a length. */
export function addNotes(panel: CurvePanel, { suffix }: Place, scales: Scales, layout: Record<string, unknown>): void {
  const [xref, yref] = [`x${suffix}`, `y${suffix}`];
  panel.series.forEach((series, index) => {
    const { kind, x, y, faint, colour = index } = series;
    if (kind === 'rows') {
      Array.from(x).forEach((value, i) => {
        if (Number.isFinite(value) && value !== 0) return;
        const name = escapeHtml(panel.y.categories?.[y[i] ?? NaN] ?? '');
        const place = { x: 0, xref: `${xref} domain`, xanchor: 'left', y: name, yref };
        // Two rows that are NaN, one above the other.
        const yshift = panel.series.length > 1 ? 6 - (12 * index) / (panel.series.length - 1) : 0;
        note(layout, {
          ...place,
          yshift,
          text: String(value),
          font: { size: 10, ...(value === 0 ? {} : { color: BAD }) },
        });
      });
    } else if (kind !== 'bars' && !faint) {
      for (const at of holes(series, scales.x)) {
        const place = { x: coordinate(at, panel.x), xref, y: 1, yref: `${yref} domain` };
        note(layout, {
          ...place,
          text: '×',
          font: { size: 14, color: colourOf(colour) },
          hovertext: 'not a finite number',
        });
      }
    }
  });
  const empty = panel.series.some(({ kind }) => kind === 'rows') ? undefined : emptiness(panel, scales);
  if (empty !== undefined) {
    note(layout, { text: escapeHtml(empty), x: 0.5, xref: `${xref} domain`, y: 0.5, yref: `${yref} domain` });
  }
}
