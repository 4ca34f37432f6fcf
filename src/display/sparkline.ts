import type { Drawable } from './bundle.js';
import { pieces, thinned } from './figure/geometry.js';
import { colourOf } from './figure/palette.js';
import { scaleFor } from './figure/scale.js';
import type { Values } from './figure/spec.js';
import { px } from './figure/svg-text.js';

const BLOCKS = '▁▂▃▄▅▆▇█';
const CHARACTERS = 24;
const WIDTH = 120;
const HEIGHT = 18;

/** A curve that is small enough for a line of text or a table's cell. */
export class Sparkline implements Drawable {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  /** Blocks of eight heights, at most 24: `█▆▄▂▁`. What is not finite is a gap. */
  toText(): string {
    const values = Array.from(this.#values);
    const scale = scaleFor({}, values, 2);
    const count = Math.min(CHARACTERS, values.length);
    return Array.from({ length: count }, (_, i) => {
      const at = scale.at(values[Math.floor(((i + 1) * values.length) / count) - 1] ?? NaN);
      return Number.isFinite(at) ? BLOCKS.charAt(Math.min(7, Math.floor(at * 8))) : ' ';
    }).join('');
  }

  toHtml(): string {
    const values = Array.from(this.#values);
    const x = values.map((_, i) => i);
    const scales = { x: scaleFor({}, x, 2), y: scaleFor({}, values, 2) };
    const paths = pieces({ name: '', kind: 'line', x, y: values }, scales).map((piece) =>
      thinned(piece, WIDTH)
        .map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${px(2 + a * (WIDTH - 4))} ${px(HEIGHT - 2 - b * (HEIGHT - 4))}`)
        .join(''),
    );
    const path = `<path d="${paths.join('')}" fill="none" stroke="${colourOf(0)}" stroke-width="1.5"/>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">${path}</svg>`;
    const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
    return `<img alt="${this.toText()}" width="${WIDTH}" height="${HEIGHT}" style="vertical-align:middle" src="${source}">`;
  }
}
