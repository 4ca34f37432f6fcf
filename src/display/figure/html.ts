import { createHash } from 'node:crypto';
import { plotlyOf } from './plotly.js';
import { plotlyScript, SLOT } from './plotly-library.js';
import type { Layout } from './spec.js';
import { svgOf } from './svg.js';
import { escapeXml } from '../escape.js';

let brought = false;

/**
 * The static picture as an image, which is shown even where scripts and inline SVG are stripped, and a script that puts
 * the interactive figure in its place.
 */
export function htmlOf(figure: Layout, { plotly = !brought }: { plotly?: boolean } = {}): string {
  if (plotly) brought = true;
  const svg = svgOf(figure);
  const spec = inScript(JSON.stringify(plotlyOf(figure)));
  // The same figure has the same id: running a cell again changes nothing in the notebook's file.
  const id = `strobe-${createHash('sha256').update(svg).update(spec).digest('hex').slice(0, 12)}`;
  return [
    `<div class="strobe-figure" data-strobe="${id}" style="max-width:100%;overflow:hidden">`,
    pictureOf(figure, svg),
    plotly ? plotlyScript() : '',
    `<script>${SLOT}(${UPGRADE})(${JSON.stringify(id)},${spec});</script>`,
    '</div>',
  ].join('');
}

/** The static picture alone: what a display that changes several times a second shows. */
export function pictureOf(figure: Layout, svg = svgOf(figure)): string {
  const data = Buffer.from(svg).toString('base64');
  const alt = escapeXml(figure.title ?? figure.panels[0]?.title ?? 'figure');
  return `<img alt="${alt}" style="display:block;max-width:100%;height:auto" src="data:image/svg+xml;base64,${data}">`;
}

/** A script element ends at the first `</script`, wherever it stands. */
function inScript(json: string): string {
  return json
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}

/** Runs in the browser, when plotly is there: draws, in the page's own text colour, and again when its theme changes. */
const UPGRADE = `async function (id, figure) {
  const plotly = await window.strobePlots.plotly;
  for (const host of document.querySelectorAll('[data-strobe="' + id + '"]')) {
    if (host.dataset.upgraded) continue;
    host.dataset.upgraded = 'true';
    const place = document.createElement('div');
    const ink = () => getComputedStyle(host).color;
    const layout = JSON.parse(JSON.stringify(figure.layout));
    layout.font.color = ink();
    // Its height stays; its width is the page's to say.
    place.style.height = layout.height + 'px';
    host.append(place);
    try {
      await plotly.newPlot(place, figure.data, layout, { responsive: true, displaylogo: false });
    } catch (error) {
      place.remove();
      console.error(error);
      continue;
    }
    host.querySelector(':scope > img').style.display = 'none';
    new ResizeObserver(() => host.offsetWidth > 0 && plotly.Plots.resize(place)).observe(host);
    let now = layout.font.color;
    const follow = () => { if (host.isConnected && ink() !== now) plotly.relayout(place, { 'font.color': (now = ink()) }); };
    const watch = new MutationObserver(follow);
    for (const root of [document.documentElement, document.body]) watch.observe(root, { attributes: true });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', follow);
  }
}`;
