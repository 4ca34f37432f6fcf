import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { isPlainRecord } from './tree.js';

/** What a value stands in, from the outside in: what is met again there holds itself. */
type Within = readonly object[];
const NOTHING: Within = [];

/** A deep copy of plain data; tensors, functions, instances and what holds itself are shared. */
export function clonePlain<T>(value: T): T {
  return copy(value, NOTHING) as T;
}

function copy(value: unknown, within: Within): unknown {
  if (typeof value !== 'object' || value === null || within.includes(value)) return value;
  const inside = [...within, value];
  if (Array.isArray(value)) return value.map((item) => copy(item, inside));
  if (isPlainRecord(value)) {
    const record: Record<string, unknown> = {};
    for (const key of Object.keys(value)) record[key] = copy(value[key], inside);
    return record;
  }
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [copy(key, inside), copy(item, inside)]));
  if (value instanceof Set) return new Set([...value].map((item) => copy(item, inside)));
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return (value as Float32Array).slice();
  return value;
}

/** Whether a value is data through and through: nothing in it would be shared by {@link clonePlain}. */
export function isPlainData(value: unknown): boolean {
  return isPlain(value, NOTHING);
}

function isPlain(value: unknown, within: Within): boolean {
  if (typeof value === 'function' || value instanceof tf.Tensor) return false;
  if (typeof value !== 'object' || value === null) return true;
  if (within.includes(value)) return false;
  const inside = [...within, value];
  const each = (item: unknown) => isPlain(item, inside);
  if (Array.isArray(value)) return value.every(each);
  if (value instanceof Map) return [...value].every((entry) => entry.every(each));
  if (value instanceof Set) return [...value].every(each);
  if (value instanceof Date) return true;
  if (ArrayBuffer.isView(value)) return !(value instanceof DataView);
  return isPlainRecord(value) && Object.values(value).every(each);
}

/** What {@link copyIfPlain} gives for what is not plain data. */
export const NOT_PLAIN = Symbol('not plain data');

/** A deep copy of a value that is data through and through, in one go: what pauses and snapshots do most. */
export function copyIfPlain(value: unknown): unknown {
  return copiedIfPlain(value, NOTHING);
}

function copiedIfPlain(value: unknown, within: Within): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? NOT_PLAIN : value;
  if (within.includes(value)) return NOT_PLAIN;
  const inside = [...within, value];
  if (Array.isArray(value)) {
    const items = value.map((item) => copiedIfPlain(item, inside));
    return items.includes(NOT_PLAIN) ? NOT_PLAIN : items;
  }
  if (!isPlainRecord(value)) return isPlain(value, within) ? copy(value, within) : NOT_PLAIN;
  const record: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if ((record[key] = copiedIfPlain(value[key], inside)) === NOT_PLAIN) return NOT_PLAIN;
  }
  return record;
}

/** Whether two pieces of plain data say the same; instances in them are the same only if they are one. */
export function samePlain(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!samePlain(a[i], b[i])) return false;
    return true;
  }
  if (isPlainRecord(a)) {
    if (!isPlainRecord(b)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && samePlain(a[key], b[key]));
  }
  return isPlainData(a) && isDeepStrictEqual(a, b);
}

/** Copies of an object's fields that are plain data. */
export function plainFields(object: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    const value = copyIfPlain((object as Record<string, unknown>)[key]);
    if (value !== NOT_PLAIN) fields[key] = value;
  }
  return fields;
}

/** Gives an object back the fields that {@link plainFields} took; fields that came later are left alone. */
export function restoreFields(object: object, fields: Record<string, unknown>): void {
  Object.assign(object, clonePlain(fields));
}
