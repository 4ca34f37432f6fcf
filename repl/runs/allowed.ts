import { z } from 'zod';
import { optionSchema } from '../../src/callbacks/options.js';
import { describe } from '../../src/errors.js';

/** Why a value cannot be put into a field: what may be, and what came. */
export interface Refusal {
  expected: string;
  received: string;
}

/**
 * Whether a field may be set to a value: what the options of the owner's class say, where it has such an option; else a value
 * of the type that is there.
 */
export function refusalOf(owner: object, field: string, from: unknown, to: unknown): Refusal | undefined {
  const schema = optionSchema(owner, field);
  if (schema && isTelling(schema)) {
    return schema.safeParse(to).success ? undefined : { expected: allowedText(schema), received: describe(to) };
  }
  const type = typeName(from);
  if (from === undefined || from === null || type === typeName(to)) return undefined;
  return { expected: NOUNS[type] ?? type, received: describe(to) };
}

/** What may be put into a field, in a few words. */
export function allowedFor(owner: object, field: string, value: unknown): string {
  const schema = optionSchema(owner, field);
  if (schema && isTelling(schema)) return allowedText(schema);
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
  const { type, anyOf, enum: values, const: value } = jsonOf(schema);
  return type !== undefined || anyOf !== undefined || values !== undefined || value !== undefined;
}

function allowedText(schema: z.ZodType): string {
  return textOf(jsonOf(schema));
}

function textOf({ type, enum: values, const: value, anyOf, ...range }: JsonSchema): string {
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
