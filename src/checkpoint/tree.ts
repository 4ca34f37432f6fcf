import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, describe, StrobeError } from '../errors.js';
import { isPlainRecord } from '../tensors/tree.js';

/**
 * A tree of plain data and tensors as two parts: the tensors by name, and everything else as JSON. What JSON lacks
 * (NaN, infinities, -0, undefined, maps, typed arrays) is written as a record with one key that starts with `$`.
 */
export interface Packed {
  tensors: Record<string, tf.Tensor>;
  json: string;
}

const TYPED = {
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
} as const;
type TypedName = keyof typeof TYPED;

/** @param nameOf gives a tensor its name in the file, from its path in the tree. */
export function pack(tree: unknown, nameOf: (path: string[]) => string): Packed {
  const tensors: Record<string, tf.Tensor> = {};
  /** What the value at hand stands in. */
  const within = new Set<unknown>();
  const encode = (value: unknown, path: string[]): unknown => {
    if (value instanceof tf.Tensor) {
      const name = freeName(nameOf(path), tensors);
      tensors[name] = value;
      return { $tensor: name };
    }
    if (value === undefined) return { $: 'undefined' };
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
      return { $: Object.is(value, -0) ? '-0' : String(value) };
    }
    if (value === null || typeof value !== 'object') {
      if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
        throw unwritable(value, path);
      return value;
    }
    if (within.has(value)) throw unwritable(value, path, 'something that holds itself');
    within.add(value);
    const encoded = encodeObject(value, path);
    within.delete(value);
    return encoded;
  };
  const encodeObject = (value: object, path: string[]): unknown => {
    if (Array.isArray(value)) return Array.from(value, (item, i) => encode(item, [...path, String(i)]));
    if (value instanceof Map) return { $map: encode([...value], path) };
    if (value instanceof Set) return { $set: encode([...value], path) };
    const typed = (Object.keys(TYPED) as TypedName[]).find((name) => value instanceof TYPED[name]);
    if (typed) return { $array: typed, values: encode(Array.from(value as Float32Array), path) };
    if (!isPlainRecord(value)) throw unwritable(value, path);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key.startsWith('$') ? `$${key}` : key, encode(item, [...path, key])]),
    );
  };
  return { json: JSON.stringify(encode(tree, [])), tensors };
}

/** The inverse of {@link pack}. Runs nothing that the JSON contains. */
export function unpack(json: string, tensors: Record<string, tf.Tensor>): unknown {
  const decode = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(decode);
    if (value === null || typeof value !== 'object') return value;
    const record = value as Record<string, unknown>;
    if (typeof record['$tensor'] === 'string') {
      const tensor = tensors[record['$tensor']];
      if (!tensor) throw damaged(`it refers to a tensor ${record['$tensor']} that is not there`);
      return tensor;
    }
    if (typeof record['$'] === 'string') return record['$'] === 'undefined' ? undefined : Number(record['$']);
    if ('$map' in record) return new Map(decode(record['$map']) as [unknown, unknown][]);
    if ('$set' in record) return new Set(decode(record['$set']) as unknown[]);
    if (typeof record['$array'] === 'string') return typedArray(record['$array'], decode(record['values']));
    return Object.fromEntries(
      Object.entries(record).map(([key, item]) => [key.startsWith('$$') ? key.slice(1) : key, decode(item)]),
    );
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw damaged('its state is not valid JSON', cause);
  }
  return decode(parsed);
}

function typedArray(name: string, values: unknown): unknown {
  const type = Object.hasOwn(TYPED, name) ? TYPED[name as TypedName] : undefined;
  if (!type || !Array.isArray(values)) throw damaged(`it holds an array of an unknown type ${name}`);
  return type.from(values as number[]);
}

/** Paths that differ may give one name: `a.b` in a record, and `b` in its `a`. */
function freeName(name: string, taken: object): string {
  let free = name;
  for (let n = 2; Object.hasOwn(taken, free); n++) free = `${name}#${n}`;
  return free;
}

function unwritable(value: unknown, path: string[], received = describe(value)): CheckpointError {
  const isHyperParameter = path[0] === 'hyperParameters' && path.length > 1;
  return new CheckpointError(
    StrobeError.compose(`${path.join('.') || 'The state'} cannot be written to a checkpoint.`, {
      expected: 'numbers, strings, booleans, null, tensors, typed arrays, and arrays, records, maps and sets of these',
      received,
      hint: isHyperParameter
        ? `leave it out: saveHyperparameters(options, { ignore: [${describe(path[1])}] })`
        : 'give stateDict() or extraState() plain data, and build the object from it when it is loaded',
    }),
  );
}

function damaged(why: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    StrobeError.compose('The checkpoint is damaged.', {
      expected: 'a checkpoint written by Strobe',
      received: `a file in which ${why}`,
      hint: 'use another checkpoint of the run',
    }),
    { cause },
  );
}
