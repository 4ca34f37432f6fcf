import { inspect } from 'node:util';
import { ContractError, describe, StrobeError } from '../errors.js';

/** The method by which an object shows itself in a notebook: `[SHOW](): MimeBundle`. Jupyter's and Deno's convention. */
export const SHOW: unique symbol = Symbol.for('Jupyter.display') as never;

/** One thing in several formats, by MIME type; a front end picks the richest that it knows. Binary formats in base64. */
export type MimeBundle = Record<string, unknown>;

/** An object that shows itself. */
export interface Showable {
  [SHOW](): MimeBundle;
}

/**
 * What a value looks like. There is always a `text/plain`: values that do not show themselves have only that.
 *
 * @throws ContractError if the value's own method gives something other than a record
 */
export function bundleOf(value: unknown): MimeBundle & { 'text/plain': string } {
  const own = isShowable(value) ? checked(value[SHOW]()) : {};
  const text = own['text/plain'];
  return { ...own, 'text/plain': typeof text === 'string' ? text : plainText(value) };
}

/** What a value looks like where there is only text. Figures and tables draw nothing else for it. */
export function textOf(value: unknown): string {
  const { toText } = (value ?? {}) as { toText?: unknown };
  return isShowable(value) && typeof toText === 'function' ? String(toText.call(value)) : bundleOf(value)['text/plain'];
}

function isShowable(value: unknown): value is Showable {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as Partial<Showable>)[SHOW] === 'function'
  );
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

function checked(bundle: unknown): MimeBundle {
  if (typeof bundle === 'object' && bundle !== null && !Array.isArray(bundle) && !('then' in bundle)) {
    return bundle as MimeBundle;
  }
  throw new ContractError(
    StrobeError.compose("An object's Symbol.for('Jupyter.display') method gave no MIME bundle.", {
      expected: "a record such as { 'text/plain': '...', 'text/html': '...' }",
      received: describe(bundle),
      hint: 'make it synchronous, and return a record of formats by MIME type',
    }),
  );
}
