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
  return withText(value, isShowable(value) ? value[SHOW]() : (lookOf(value)?.[SHOW]() ?? {}));
}

/** As `bundleOf`, of a value whose own method may give a promise: then it is one of the bundle. */
export function bundleWhenReady(value: unknown): MimeBundle | Promise<MimeBundle> {
  if (!isShowable(value)) return bundleOf(value);
  const bundle: unknown = value[SHOW]();
  return bundle instanceof Promise ? bundle.then((ready) => withText(value, ready)) : withText(value, bundle);
}

function withText(value: unknown, given: unknown): MimeBundle & { 'text/plain': string } {
  const bundle = checked(given);
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
      hint: 'return a record of formats by MIME type; only notebooks wait for a promise of one',
    }),
  );
}
