import type { Fields } from './message.js';

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A request whose content is not what the protocol asks for. Its message goes back to the client. */
export class BadRequest extends Error {
  override name = 'BadRequest';
}

/** Reads the fields of a request's content: wrong types are an error that names the field, missing ones are the default. */
export const read = {
  string: (content: Fields, name: string, fallback?: string) => field(content, name, 'string', fallback),
  number: (content: Fields, name: string, fallback?: number) => field(content, name, 'number', fallback),
  boolean: (content: Fields, name: string, fallback?: boolean) => field(content, name, 'boolean', fallback),
  record(content: Fields, name: string): Fields {
    const value = content[name] ?? {};
    if (!isRecord(value)) throw new BadRequest(`${name} has to be an object`);
    return value;
  },
};

interface Primitives {
  string: string;
  number: number;
  boolean: boolean;
}

function field<T extends keyof Primitives>(content: Fields, name: string, type: T, fallback?: Primitives[T]) {
  const value = content[name] ?? fallback;
  if (typeof value !== type) throw new BadRequest(`${name} has to be a ${type}`);
  return value as Primitives[T];
}
