import { ConfigurationError, describe, StrobeError } from '../errors.js';

/** What an option may be, in words and as a test. */
export interface Allowed {
  what: string;
  holds: (value: unknown) => boolean;
}

export const TEXT: Allowed = { what: 'a string', holds: (value) => typeof value === 'string' };
export const FLAG: Allowed = { what: 'true or false', holds: (value) => typeof value === 'boolean' };
export const COUNT: Allowed = {
  what: 'a whole number from 0 up',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** What the folder of a logger's files is made of. */
export const FOLDER = {
  saveDir: TEXT,
  name: TEXT,
  version: { what: 'a whole number from 0 up, or a string', holds: (value) => TEXT.holds(value) || COUNT.holds(value) },
} satisfies Record<string, Allowed>;

/** @throws ConfigurationError that names the option, what it may be and what came */
export function checkOptions(owner: string, options: object, known: Record<string, Allowed>): void {
  for (const [name, value] of Object.entries(options)) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option && (value === undefined || option.holds(value))) continue;
    throw new ConfigurationError(
      StrobeError.compose(`new ${owner}: ${option ? `wrong value for ${name}` : `there is no option ${name}`}.`, {
        expected: option ? option.what : Object.keys(known).join(', '),
        received: option ? describe(value) : name,
        hint: option ? `correct ${name}, or leave it out for the default` : 'check the spelling',
      }),
    );
  }
}
