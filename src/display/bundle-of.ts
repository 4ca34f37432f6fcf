import { inspect } from 'node:util';
import { ContractError, describe, StrobeError } from '../errors.js';
import { isShowable, SHOW, type MimeBundle } from './bundle.js';
import { lookOf } from './views/by-shape.js';

/**
 * What a value looks like. Objects that show themselves say so; tensors, errors, results, events and arrays of records are
 * known by what they are. There is always a `text/plain`: other values have only that.
 *
 * @throws ContractError if the value's own method gives something other than a record
 */
export function bundleOf(value: unknown): MimeBundle & { 'text/plain': string } {
  const bundle = isShowable(value) ? checked(value[SHOW]()) : (lookOf(value)?.[SHOW]() ?? {});
  const text = bundle['text/plain'];
  return { ...bundle, 'text/plain': typeof text === 'string' ? text : plainText(value) };
}

/** What a value looks like where there is only text. Figures and tables draw nothing else for it. */
export function textOf(value: unknown): string {
  if (!isShowable(value)) return lookOf(value)?.toText() ?? plainText(value);
  const { toText } = value as { toText?: unknown };
  return typeof toText === 'function' ? String(toText.call(value)) : bundleOf(value)['text/plain'];
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
