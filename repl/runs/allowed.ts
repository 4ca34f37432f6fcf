import { z } from 'zod';
import { describe } from '../../src/errors.js';

/** What came of checking a value for a field: the value, or what may be there and what came. */
export type Verdict = { value: unknown } | { expected: string; received: string };

/**
 * Whether a field that holds `from` may be set to `to`: as the schema of the option of that name says, where there is one;
 * else the type stays what it is.
 */
export function verdictOn(schema: z.ZodType | undefined, from: unknown, to: unknown): Verdict {
  const parsed = schema?.safeParse(to);
  if (parsed && !parsed.success) {
    const said = schema && isTelling(schema) ? textOf(jsonOf(schema)) : parsed.error.issues[0]?.message;
    return { expected: said ?? 'another value', received: describe(to) };
  }
  if (schema && isTelling(schema)) return { value: parsed?.data };
  const type = typeName(from);
  if (from === undefined || from === null || type === typeName(to)) return { value: to };
  return { expected: NOUNS[type] ?? type, received: describe(to) };
}

/** What may be put into a field, in a few words. */
export function allowedFor(schema: z.ZodType | undefined, value: unknown): string {
  if (schema && isTelling(schema)) return textOf(jsonOf(schema));
  return NOUNS[typeName(value)] ?? 'any value';
}

const NOUNS: Record<string, string> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'an array',
  object: 'a record',
};

function typeName(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

interface JsonSchema {
  description?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  anyOf?: JsonSchema[];
}

const known = new WeakMap<z.ZodType, JsonSchema>();

/** Fields are shown at every frame: each schema is turned over once. */
function jsonOf(schema: z.ZodType): JsonSchema {
  const json = known.get(schema) ?? (z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) as JsonSchema);
  known.set(schema, json);
  return json;
}

/** Some options are checked elsewhere: their schema takes anything. */
function isTelling(schema: z.ZodType): boolean {
  const { description, type, anyOf, enum: values, const: value } = jsonOf(schema);
  return [description, type, anyOf, values, value].some((part) => part !== undefined);
}

function textOf({ description, type, enum: values, const: value, anyOf, ...range }: JsonSchema): string {
  if (description !== undefined) return description;
  if (anyOf) return anyOf.map(textOf).join(', or ');
  if (values) return `one of ${values.map(String).join(', ')}`;
  if (value !== undefined) return String(value);
  if (type === 'integer') return `a whole number${rangeText(range)}`;
  if (type === 'number') return `a number${rangeText(range)}`;
  return NOUNS[type ?? ''] ?? type ?? 'any value';
}

function rangeText({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): string {
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const least = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  return [
    ...(least === undefined ? [] : [` from ${least} up`]),
    ...(exclusiveMinimum === undefined ? [] : [` above ${exclusiveMinimum}`]),
    ...(most === undefined ? [] : [` up to ${most}`]),
    ...(exclusiveMaximum === undefined ? [] : [` below ${exclusiveMaximum}`]),
  ].join(',');
}
