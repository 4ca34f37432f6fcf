import { z } from 'zod';
import { ConfigurationError, describe, StrobeError } from '../errors.js';

/**
 * The fields options are made of. Each says in words what it allows; the words end up in the error.
 */
export const nonNegative = () => number('a number of at least 0', (x) => x >= 0);
export const positive = () => number('a number above 0', (x) => x > 0);
export const finite = () => number('a number', () => true);
export const underOne = () => number('a number in [0, 1)', (x) => x >= 0 && x < 1);
export const fraction = () => number('a number in [0, 1]', (x) => x >= 0 && x <= 1);
export const upToOne = () => number('a number in (0, 1]', (x) => x > 0 && x <= 1);
export const flag = () => z.boolean('true or false');
export const oneOf = <const T extends readonly string[]>(...values: T) =>
  z.enum(values, values.map((value) => `'${value}'`).join(' | '));
export const atLeast = (least: number) =>
  number(`a whole number of at least ${least}`, (x) => Number.isInteger(x) && x >= least);
export const func = <F extends (...args: never[]) => unknown>() =>
  z.custom<F>((value) => typeof value === 'function', 'a function');
export const perGroup = <T extends z.ZodType>(field: T) => z.union([field, z.array(field)]);

function number(allowed: string, holds: (x: number) => boolean) {
  return z.number(allowed).refine(holds, allowed).describe(allowed);
}

/**
 * Options checked against their schema, defaults filled in.
 *
 * @throws ConfigurationError naming the option, what came and what is allowed.
 */
export function checkOptions<T extends object>(owner: string, schema: z.ZodType<T>, options: unknown): T {
  const result = schema.safeParse(isRecord(options) ? withoutUndefined(options) : options);
  if (result.success) return result.data;
  const { issues } = result.error;
  // A misspelt option explains the one it leaves missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    throw new ConfigurationError(
      StrobeError.compose(`${owner} has no option ${issue.keys.map((key) => `'${key}'`).join(', ')}`, {
        expected: `one of ${Object.keys((schema as unknown as z.ZodObject).shape).join(', ')}`,
        received: describe(options),
        hint: 'check the spelling; options are in camelCase.',
      }),
    );
  }
  const option = issue.path.join('.');
  const received = issue.path.reduce<unknown>((value, key) => (value as never)?.[key], options);
  throw new ConfigurationError(
    StrobeError.compose(
      option ? `${owner}: option '${option}' is not usable` : `${owner}: the options are not usable`,
      {
        expected: allowedBy(issue),
        received: Array.isArray(received) ? `[${received.map(describe).join(', ')}]` : describe(received),
        hint:
          received === undefined
            ? `give ${option || 'an options object'} a value.`
            : `change ${option || 'the options'}.`,
      },
    ),
  );
}

/** A field that may be one value or one per group fails as a union; what it allows is said by its first branch. */
function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  const first = issue.errors[0]?.[0];
  return `${first?.message ?? issue.message}, or one per parameter group`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An option that is explicitly undefined is one that was not given. */
export function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
