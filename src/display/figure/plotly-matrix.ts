import { escapeHtml } from '../escape.js';
import { shortNumber } from '../short-number.js';
import { rampColour, textOn } from './palette.js';
import { finite, note, type Place } from './plotly-parts.js';
import type { MatrixPanel } from './spec.js';

export function addMatrix(
  panel: MatrixPanel,
  { suffix, x, y }: Place,
  data: Record<string, unknown>[],
  layout: Record<string, unknown>,
): void {
  const { rows, columns, values, rowLabel, columnLabel, diagonal } = panel;
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const shown = values.map((row, i) => Array.from(row, (value, j) => panel.text?.(value, i, j) ?? shortNumber(value)));
  // What is 0 has no colour of its own, but a place.
  const ground = { type: 'heatmap', showscale: false, hoverinfo: 'skip', xgap: 1, ygap: 1, ...axes };
  const grey = 'rgba(128,128,128,0.1)';
  data.push({
    ...ground,
    z: values.map(() => columns.map(() => 0)),
    colorscale: [
      [0, grey],
      [1, grey],
    ],
  });
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
        note(layout, {
          text: shown[i]?.[j],
          x: j,
          y: i,
          xref: axes.xaxis,
          yref: axes.yaxis,
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
