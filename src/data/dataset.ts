import * as tf from '@tensorflow/tfjs-core';
import { DataError, describe, StrobeError } from '../errors.js';
import type { Collated } from './collate.js';

/**
 * Examples that can be looked up by their number.
 *
 * `get` may be asynchronous. Tensors it makes belong to the batch they end up in and are disposed with it or right
 * after it is collated; what it caches for later calls it protects with `tf.keep`.
 *
 * @typeParam Item what `get` gives: an example, or a promise of one
 * @typeParam Batch what a loader makes of them unless it is told otherwise: what `getBatch` gives, or the collated items
 */
export interface Dataset<Item = unknown, Batch = Collated<Item>> {
  /** Number of examples. */
  readonly length: number;
  /** Example number `index`, from 0 to `length - 1`. */
  get(index: number): Item;
  /** Many examples as one batch, where that is cheaper than collating them one by one. */
  getBatch?(indices: Int32Array): Batch;
}

/** Tensors by position or by name. */
export type Tensors = [tf.Tensor, ...tf.Tensor[]] | tf.Tensor[] | Record<string, tf.Tensor>;

/**
 * Tensors whose axis 0 counts the examples: `new TensorDataset(x, y)` has batches `[x, y]`,
 * `new TensorDataset({ x, y })` has batches `{ x, y }`.
 *
 * A batch takes one operation per tensor: a slice when its examples follow each other, a gather otherwise. The
 * tensors stay yours: dispose them when you are done with the dataset.
 *
 * @throws DataError when there is no tensor, one is a scalar, or their lengths along axis 0 differ
 */
export class TensorDataset<T extends Tensors> implements Dataset<{ [K in keyof T]: tf.Tensor }, T> {
  /** Tensors whose first dimensions run along the examples. */
  readonly tensors: T;
  readonly length: number;

  constructor(tensors: T);
  constructor(...tensors: T extends tf.Tensor[] ? T : never);
  constructor(...given: (Tensors | tf.Tensor)[]) {
    const [first] = given;
    const structured = given.length === 1 && typeof first === 'object' && !(first instanceof tf.Tensor);
    this.tensors = (structured ? first : given) as T;
    this.length = commonLength(this.tensors);
  }

  get(index: number): { [K in keyof T]: tf.Tensor } {
    return mapValues(this.tensors, (tensor) =>
      tf.tidy(() => tf.reshape(tf.slice(tensor, index, 1), tensor.shape.slice(1))),
    ) as { [K in keyof T]: tf.Tensor };
  }

  getBatch(indices: Int32Array): T {
    const first = indices[0] ?? 0;
    if (indices.every((index, i) => index === first + i)) {
      return mapValues(this.tensors, (tensor) => tf.slice(tensor, first, indices.length)) as T;
    }
    const rows = tf.tensor1d(indices, 'int32');
    try {
      return mapValues(this.tensors, (tensor) => tf.gather(tensor, rows)) as T;
    } finally {
      rows.dispose();
    }
  }
}

/** Examples in a plain array: records, tuples, numbers, whatever the collate function of the loader takes. */
export class ArrayDataset<Item> implements Dataset<Item> {
  /** The examples. */
  readonly items: readonly Item[];

  constructor(items: readonly Item[]) {
    if (!Array.isArray(items)) {
      throw new DataError(
        StrobeError.compose('An ArrayDataset was made from something that is not an array.', {
          expected: 'an array with one entry per example',
          received: describe(items),
          hint: 'use Array.from(...) for other iterables, TensorDataset for tensors',
        }),
      );
    }
    this.items = items;
  }

  get length(): number {
    return this.items.length;
  }

  get(index: number): Item {
    return this.items[index] as Item;
  }
}

function mapValues(tensors: Tensors, f: (tensor: tf.Tensor) => tf.Tensor): Tensors {
  if (Array.isArray(tensors)) return tensors.map(f);
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, f(tensor)]));
}

function commonLength(tensors: Tensors): number {
  const entries = Object.entries(tensors);
  const length = entries[0]?.[1] instanceof tf.Tensor ? entries[0][1].shape[0] : undefined;
  for (const [name, tensor] of entries) {
    if (tensor instanceof tf.Tensor && length !== undefined && tensor.shape[0] === length) continue;
    throw new DataError(
      StrobeError.compose(`Tensor ${name} does not fit into a TensorDataset.`, {
        expected: length === undefined ? 'tensors with an axis 0 that counts the examples' : `${length} along axis 0`,
        received: describe(tensor),
        hint: 'give every tensor one row per example',
      }),
    );
  }
  if (length !== undefined) return length;
  throw new DataError(
    StrobeError.compose('A TensorDataset was made from nothing.', {
      expected: 'at least one tensor',
      received: 'none',
      hint: 'write new TensorDataset(x, y) or new TensorDataset({ x, y })',
    }),
  );
}
