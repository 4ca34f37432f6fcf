import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { builtAssetsFolder } from './assets.js';

/** File that the build makes of plotly.js: minified, compressed. */
const PLOTLY_FILE = 'plotly.min.js.gz';

let library: string | undefined;

/**
 * A script element that brings plotly.js into a page, from the installed package. It is compressed, 2 MB in place of 10,
 * and unpacked by the browser; one that cannot do that goes on showing the static picture.
 */
export function plotlyScript(): string {
  library ??= compressed().toString('base64');
  return `<script>${SLOT}(${LOAD})(${JSON.stringify(library)});</script>`;
}

/** A page's one place for plotly: figures wait for it, whichever output of the notebook brings it. */
export const SLOT = `if(!window.strobePlots){let give;const plotly=new Promise(r=>give=r);window.strobePlots={plotly,give};}`;

/** Runs in the browser. */
const LOAD = `async function (base64) {
  const slot = window.strobePlots;
  if (slot.loaded || typeof DecompressionStream === 'undefined') return;
  slot.loaded = true;
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const code = await new Response(stream).text();
  const before = { Plotly: window.Plotly, moduleName: window.moduleName };
  const script = document.createElement('script');
  // A page's own module loader (require.js) must not take plotly for one of its modules.
  script.textContent = '(function () { var module, exports, define;\\n' + code + '\\n}).call(window);';
  document.head.append(script);
  script.remove();
  const plotly = window.Plotly || window.moduleName;
  for (const name in before) if (before[name] === undefined) delete window[name]; else window[name] = before[name];
  slot.give(plotly);
}`;

function compressed(): Buffer {
  const built = join(builtAssetsFolder(), PLOTLY_FILE);
  if (existsSync(built)) return readFileSync(built);
  return gzipSync(readFileSync(createRequire(import.meta.url).resolve('plotly.js-dist/plotly.js')));
}
