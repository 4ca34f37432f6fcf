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
 * Checks the options of a callback, or of a call, and fills in defaults. The error names the option, the value, and what is allowed.
 *
 * @param owner the class, or the function, that they were given to
 */
export function checkOptions<S extends z.ZodType>(owner: string, schema: S, options: unknown): z.output<S> {
  if (schema instanceof z.ZodObject) schemas.set(owner, schema);
  const parsed = schema.safeParse(options ?? {}, { error: expected });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A misspelt option explains the one it leaves missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const option = unknown[0] ?? issue?.path.join('.') ?? '';
  // What is wrong may lie deeper than the option: an entry of a list.
  const received = issue?.path.reduce<unknown>((value, key) => (value as never)?.[key], options);
  const optional = !option || !(schema instanceof z.ZodObject) || isOptional(schema.shape[String(issue?.path[0])]);
  const advice = optional
    ? `correct ${option || 'it'}, or leave it out for the default`
    : `give ${option} such a value: it has no default`;
  const called = /^[A-Z]\w+$/.test(owner) ? `new ${owner}` : owner;
  const allowed = schema instanceof z.ZodObject ? Object.keys(schema.shape).join(', ') : '';
  throw new ConfigurationError(
    StrobeError.compose(
      `${called}: ${unknown.length > 0 ? `there is no option ${option}` : `wrong value for ${option || 'the options'}`}.`,
      {
        expected: unknown.length > 0 ? allowed : (issue?.message ?? 'a record of options'),
        received: unknown.length > 0 ? unknown.join(', ') : describe(received),
        hint: unknown.length > 0 ? 'check the spelling' : advice,
      },
    ),
  );
}

function isOptional(field: unknown): boolean {
  return field instanceof z.ZodType && field.safeParse(undefined).success;
}
