import * as tf from '@tensorflow/tfjs-core';
import { isPlainRecord } from './tree.js';

/** A deep copy of plain data; tensors, functions and instances in it are shared. */
export function clonePlain<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [copy(key), copy(item)]));
  if (value instanceof Set) return new Set([...value].map(copy));
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return (value as Float32Array).slice();
  if (isPlainRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
  return value;
}

/** Whether a value is data through and through: nothing in it would be shared by {@link clonePlain}. */
export function isPlainData(value: unknown): boolean {
  if (typeof value === 'function' || value instanceof tf.Tensor) return false;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlainData);
  if (value instanceof Map) return [...value].every(([key, item]) => isPlainData(key) && isPlainData(item));
  if (value instanceof Set) return [...value].every(isPlainData);
  if (value instanceof Date) return true;
  if (ArrayBuffer.isView(value)) return !(value instanceof DataView);
  return isPlainRecord(value) && Object.values(value).every(isPlainData);
}

/** Copies of an object's fields that are plain data. */
export function plainFields(object: object): Record<string, unknown> {
  return clonePlain(Object.fromEntries(Object.entries(object).filter(([, value]) => isPlainData(value))));
}

/** Gives an object back the fields that {@link plainFields} took; fields that came later are left alone. */
export function restoreFields(object: object, fields: Record<string, unknown>): void {
  Object.assign(object, clonePlain(fields));
}
