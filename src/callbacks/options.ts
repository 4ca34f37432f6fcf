import { z } from 'zod';
import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { expected } from '../expected.js';

/** What was checked so far, by the name of the class: what a field may be set to later is what its option may be. */
const schemas = new Map<string, z.ZodObject>();

/** What an option of a callback may be, if its class has such an option. Classes are asked in turn, from the nearest. */
export function optionSchema(callback: object, option: string): z.ZodType | undefined {
  for (let type = callback.constructor; type.name; type = Object.getPrototypeOf(type) as typeof type) {
    const schema = schemas.get(type.name)?.shape[option];
    if (schema) return schema as z.ZodType;
  }
  return undefined;
}

/**
 * Checks a callback's options and fills in defaults. The error names the option, the value, and what is allowed.
 *
 * @param owner the class, or the function, that they were given to
 */
export function checkOptions<S extends z.ZodType>(owner: string, schema: S, options: unknown): z.output<S> {
  if (schema instanceof z.ZodObject) schemas.set(owner, schema);
  const parsed = schema.safeParse(options ?? {}, { error: expected });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const path = issue?.path ?? [];
  const option = unknown[0] ?? path.join('.');
  const received = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], options);
  const missing = path.length > 0 && received === undefined;
  const called = /^[A-Z]\w+$/.test(owner) ? `new ${owner}` : owner;
  const allowed = schema instanceof z.ZodObject ? Object.keys(schema.shape).join(', ') : '';
  throw new ConfigurationError(
    unknown.length > 0
      ? StrobeError.compose(`${called}: there is no option ${option}.`, {
          expected: allowed,
          received: describe(options),
          hint: 'check the spelling',
        })
      : StrobeError.compose(`${called}: wrong value for ${option || 'the options'}.`, {
          expected: issue?.message ?? 'a record of options',
          received: describe(received),
          hint: missing
            ? `give ${option}: it has no default`
            : `correct ${option || 'it'}, or leave it out for the default`,
        }),
  );
}
