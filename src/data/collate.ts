import * as tf from '@tensorflow/tfjs-core';
import { DataError, describe, StrobeError } from '../errors.js';

/** Numbers in one of JavaScript's typed arrays that tfjs knows how to take. */
export type NumberArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint8ClampedArray;

/** What {@link defaultCollate} makes of examples of a type. */
export type Collated<Item> =
  Item extends Promise<infer Value>
    ? Promise<Collated<Value>>
    : Item extends number | boolean | NumberArray | readonly number[] | tf.Tensor
      ? tf.Tensor
      : Item extends string
        ? string[]
        : Item extends readonly unknown[] | Readonly<Record<string, unknown>>
          ? { -readonly [K in keyof Item]: Collated<Item[K]> }
          : Item[];

/**
 * Turns a list of examples into a batch of the same structure, one level at a time:
 *
 * - numbers become a float32 tensor of shape [batch], booleans a bool tensor;
 * - arrays of numbers and typed arrays become rows of a tensor of shape [batch, length] (int32 for integer typed
 *   arrays, float32 otherwise);
 * - tensors are stacked along a new axis 0;
 * - records and arrays of anything else (tuples) are collated field by field;
 * - strings and all other values stay a plain array.
 *
 * @throws DataError when the examples differ in structure or shape, naming the field
 */
export function defaultCollate<Item>(items: readonly Item[]): Collated<Item> {
  return collate(items, 'the examples') as Collated<Item>;
}

function collate(items: readonly unknown[], where: string): unknown {
  const [first] = items;
  if (typeof first === 'number') return tf.tensor1d(alike(items, isNumber, where, 'numbers'), 'float32');
  if (typeof first === 'boolean') return tf.tensor1d(alike(items, isBoolean, where, 'booleans'), 'bool');
  if (first instanceof tf.Tensor) {
    const tensors = alike(items, isTensor, where, 'tensors');
    return tf.stack(sameSize(tensors, (tensor) => `shape [${tensor.shape.join(', ')}]`, where));
  }
  if (isRow(first)) return rows(alike(items, isRow, where, 'arrays of numbers'), where);
  if (Array.isArray(first)) {
    const tuples = sameSize(alike(items, Array.isArray, where, 'arrays'), (tuple) => `length ${tuple.length}`, where);
    return first.map((_, i) =>
      collate(
        tuples.map((tuple) => tuple[i] as unknown),
        `entry ${i} of ${where}`,
      ),
    );
  }
  if (isRecord(first)) {
    const records = alike(items, isRecord, where, 'records');
    const names = (record: Record<string, unknown>) => `fields ${Object.keys(record).sort().join(', ')}`;
    sameSize(records, names, where);
    const field = (name: string) =>
      collate(
        records.map((record) => record[name]),
        `field ${name} of ${where}`,
      );
    return Object.fromEntries(Object.keys(first).map((name) => [name, field(name)]));
  }
  return [...items];
}

function rows(arrays: (NumberArray | number[])[], where: string): tf.Tensor2D {
  const length = sameSize(arrays, (array) => `length ${array.length}`, where)[0]!.length;
  const float = arrays.some((array) => !isIntegers(array));
  const values = new (float ? Float32Array : Int32Array)(arrays.length * length);
  for (const [i, array] of arrays.entries()) values.set(array, i * length);
  return tf.tensor2d(values, [arrays.length, length], float ? 'float32' : 'int32');
}

function alike<T>(items: readonly unknown[], is: (item: unknown) => item is T, where: string, kind: string): T[] {
  const odd = items.findIndex((item) => !is(item));
  if (odd === -1) return items as T[];
  throw mismatch(where, `${kind}, like the first of the batch`, `${describe(items[odd])} at place ${odd}`);
}

/** Checks that all have the first one's size, as `sizeOf` puts it into words. */
function sameSize<T>(items: T[], sizeOf: (item: T) => string, where: string): T[] {
  const expected = items.length > 0 ? sizeOf(items[0] as T) : '';
  const odd = items.findIndex((item) => sizeOf(item) !== expected);
  if (odd === -1) return items;
  throw mismatch(where, `${expected}, like the first of the batch`, `${sizeOf(items[odd] as T)} at place ${odd}`);
}

function mismatch(where: string, expected: string, received: string): DataError {
  const hint = 'make the examples alike, or give the DataLoader a collate function that pads or converts them';
  return new DataError(StrobeError.compose(`Cannot collate ${where} into a batch.`, { expected, received, hint }));
}

const isNumber = (item: unknown): item is number => typeof item === 'number';
const isBoolean = (item: unknown): item is boolean => typeof item === 'boolean';
const isTensor = (item: unknown): item is tf.Tensor => item instanceof tf.Tensor;
const isIntegers = (item: unknown): boolean =>
  item instanceof Int32Array || item instanceof Uint8Array || item instanceof Uint8ClampedArray;
const isRow = (item: unknown): item is NumberArray | number[] =>
  isIntegers(item) ||
  item instanceof Float32Array ||
  item instanceof Float64Array ||
  (Array.isArray(item) && item.every(isNumber));

function isRecord(item: unknown): item is Record<string, unknown> {
  if (typeof item !== 'object' || item === null) return false;
  const prototype: unknown = Object.getPrototypeOf(item);
  return prototype === Object.prototype || prototype === null;
}
