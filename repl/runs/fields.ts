import { ConfigurationError, describe, StrobeError } from '../../src/errors.js';
import { isPlainData } from '../../src/tensors/plain.js';
import type { FieldView } from '../store/state.js';
import { allowedFor, verdictOn } from './allowed.js';
import type { Owner } from './owners.js';

/** The fields of an object that can be looked at and changed: data, no tensors, no functions. */
export function fieldsOf({ of, schema }: Omit<Owner, 'name'>): FieldView[] {
  return Object.entries(of)
    .filter(([, value]) => isPlainData(value))
    .map(([name, value]) => ({ name, text: textOf(value), allowed: allowedFor(schema?.(name), value) }));
}

/** A value as it would be typed. */
export function textOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'number') return String(value);
  if (value instanceof Map || value instanceof Set) return JSON.stringify([...value]);
  return JSON.stringify(value) ?? String(value);
}

/** The same in a sentence, where what is long is described. */
export function brief(value: unknown): string {
  const text = textOf(value);
  return text.length > 60 ? describe(value) : text;
}

/** What somebody typed, as a value: a number, a word, JSON. */
export function parseValue(text: string): unknown {
  const word = text.trim();
  if (word === 'undefined' || word === '') return undefined;
  if (/^[+-]?(Infinity|NaN)$/.test(word) || (Number.isFinite(Number(word)) && !/^["'[{]/.test(word)))
    return Number(word);
  try {
    return JSON.parse(word) as unknown;
  } catch {
    return word.replace(/^'(.*)'$/, '$1');
  }
}

/**
 * Sets a field to what was typed.
 *
 * @throws ConfigurationError if there is no such field, or it holds values of another type or range
 */
export function setField(owner: Owner, field: string, text: string): { from: unknown; to: unknown } {
  const names = fieldsOf(owner).map(({ name }) => name);
  if (!names.includes(field)) {
    throw refusal(
      `${owner.name} has no field ${field}.`,
      names.join(', ') || 'no fields',
      field,
      'choose one of these',
    );
  }
  const fields = owner.of as Record<string, unknown>;
  const from = fields[field];
  const verdict = verdictOn(owner.schema?.(field), from, parseValue(text));
  if ('expected' in verdict) {
    const { expected, received } = verdict;
    throw refusal(`${owner.name}.${field} cannot be that.`, expected, received, `now it is ${brief(from)}`);
  }
  fields[field] = verdict.value;
  return { from, to: verdict.value };
}

function refusal(what: string, expected: string, received: string, hint: string): ConfigurationError {
  return new ConfigurationError(StrobeError.compose(what, { expected, received, hint }));
}
