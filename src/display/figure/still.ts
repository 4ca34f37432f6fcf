import type { Drawable } from '../bundle.js';
import type { Figure } from './figure.js';

/** The figure as a picture only: small enough to stand among other things, and to change several times a second. */
export function still(figure: Figure): Drawable {
  return { toText: () => figure.toText(), toHtml: () => figure.toHtml({ interactive: false }) };
}
