import { curvePanel } from './svg-curves.js';
import type { Layout, Panel } from './spec.js';
import { matrixPanel } from './svg-matrix.js';
import { picturesPanel } from './svg-pictures.js';
import { fitText, px, text, type Drawn } from './svg-text.js';
import { INK } from './palette.js';

const WIDTH = 720;
const GAP = 24;
const TITLE = 30;

/** The figure as a static SVG without a ground of its own. */
export function svgOf({ title, panels, columns }: Layout): string {
  const width = (WIDTH - GAP * (columns - 1)) / columns;
  const elements: string[] = [];
  let top = 0;
  if (title) {
    elements.push(text(0, 18, fitText(title, 15, WIDTH), { size: 15, bold: true }));
    top = TITLE;
  }
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns).map((panel) => draw(panel, width));
    row.forEach((drawn, column) => {
      elements.push(
        `<g transform="translate(${px(column * (width + GAP))} ${px(top)})">${drawn.elements.join('')}</g>`,
      );
    });
    top += Math.max(...row.map(({ height }) => height)) + (first + columns < panels.length ? GAP : 0);
  }
  const height = Math.max(20, Math.ceil(top));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, 'DejaVu Sans', sans-serif" fill="${INK}">${elements.join('')}</svg>`;
}

function draw(panel: Panel, width: number): Drawn {
  switch (panel.kind) {
    case 'curves':
      return curvePanel(panel, width);
    case 'matrix':
      return matrixPanel(panel, width);
    case 'pictures':
      return picturesPanel(panel, width);
  }
}
