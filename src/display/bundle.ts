/** The method by which an object shows itself in a notebook: `[SHOW](): MimeBundle`. Jupyter's and Deno's convention. */
export const SHOW: unique symbol = Symbol.for('Jupyter.display') as never;

/** One thing in several formats, by MIME type; a front end picks the richest that it knows. Binary formats in base64. */
export type MimeBundle = Record<string, unknown>;

/** An object that shows itself. */
export interface Showable {
  [SHOW](): MimeBundle;
}

/** What can be drawn as text and as HTML: a table, a figure, a curve in a cell. */
export interface Drawable {
  toText(): string;
  toHtml(): string;
}

/** What changes while it is shown. The function that `onChange` gives back ends the telling. */
export interface Live extends Showable {
  onChange(listener: () => void): () => void;
}

export function isLive(value: unknown): value is Live {
  return isShowable(value) && typeof (value as Partial<Live>).onChange === 'function';
}

export function isShowable(value: unknown): value is Showable {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as Partial<Showable>)[SHOW] === 'function'
  );
}
