import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as ResvgModule from '@resvg/resvg-js';
import { assetsFolder } from './assets.js';

type Resvg = typeof ResvgModule;

/** A native module: loaded when the first picture is asked for, not with the library. */
let resvg: Resvg | undefined;

/** Renders an SVG at twice its size. The fonts are the package's own: there may be none on the machine. */
export function pngOf(svg: string, background: string): Buffer {
  resvg ??= createRequire(import.meta.url)('@resvg/resvg-js') as Resvg;
  const fonts = join(assetsFolder(), 'fonts');
  return new resvg.Resvg(svg, {
    background,
    fitTo: { mode: 'zoom', value: 2 },
    font: {
      loadSystemFonts: false,
      fontFiles: [join(fonts, 'DejaVuSans.ttf'), join(fonts, 'DejaVuSans-Bold.ttf')],
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  })
    .render()
    .asPng();
}
