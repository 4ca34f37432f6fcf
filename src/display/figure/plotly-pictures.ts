import { escapeHtml } from '../escape.js';
import { BAD, colourOf } from './palette.js';
import { pictureAddress } from './png-file.js';
import { note, type Place } from './plotly-parts.js';
import type { PicturesPanel } from './spec.js';

export function addPictures(
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
      x: column + 0.5,
      y: row + 0.02,
      sizex: 0.92,
      sizey: 0.76,
      xanchor: 'center',
      yanchor: 'top',
    });
    if (picture.caption === undefined) return;
    const font = picture.tone ? { font: { color: picture.tone === 'bad' ? BAD : colourOf(2) } } : {};
    note(layout, {
      text: escapeHtml(picture.caption),
      x: column + 0.5,
      y: row + 0.79,
      xref: axes.xaxis,
      yref: axes.yaxis,
      yanchor: 'top',
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
