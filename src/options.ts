import { ConfigurationError, describe, StrobeError } from './errors.js';

/** What an option may be, in words and as a test. */
export interface Allowed {
  what: string;
  holds: (value: unknown) => boolean;
}

export const TEXT: Allowed = { what: 'a string', holds: (value) => typeof value === 'string' };
export const FLAG: Allowed = { what: 'true or false', holds: (value) => typeof value === 'boolean' };
export const COUNT = countFrom(0);

export function countFrom(least: number): Allowed {
  return {
    what: `a whole number from ${least} up`,
    holds: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  };
}

/**
 * Checks options where there are few of them, or many checks: schemas take longer.
 *
 * @param owner what they were given to, such as `new CSVLogger`
 * @throws ConfigurationError that names the option, what it may be and what came
 */
export function checkOptions<T extends object>(owner: string, options: T, known: Record<keyof T, Allowed>): void {
  if (typeof options !== 'object' || options === null) {
    throw wrong(
      `${owner}: wrong value for the options`,
      'a record of options',
      describe(options),
      'write { name: value }',
    );
  }
  for (const name of Object.keys(options)) {
    const value = options[name as keyof T];
    const option = Object.hasOwn(known, name) ? known[name as keyof T] : undefined;
    if (option && (value === undefined || option.holds(value))) continue;
    if (!option)
      throw wrong(`${owner}: there is no option ${name}`, Object.keys(known).join(', '), name, 'check the spelling');
    const advice = `correct ${name}, or leave it out for the default`;
    throw wrong(`${owner}: wrong value for ${name}`, option.what, describe(value), advice);
  }
}

function wrong(what: string, expected: string, received: string, hint: string): ConfigurationError {
  return new ConfigurationError(StrobeError.compose(`${what}.`, { expected, received, hint }));
}
