import * as tf from '@tensorflow/tfjs-core';
import { isPlainRecord, tensorsIn } from '../tensors/tree.js';

/** A tensor as plain data, so that a journal can hold it. */
export interface TensorValues {
  dtype: 'float32' | 'int32' | 'bool';
  shape: number[];
  values: number[];
}

/** A tree with every tensor in it as plain data. Reads the tensors. */
export function toValues(tree: unknown): unknown {
  if (tree instanceof tf.Tensor) {
    const { dtype, shape } = tree;
    return { dtype, shape, values: Array.from(tree.dataSync()) };
  }
  if (Array.isArray(tree)) return tree.map(toValues);
  if (isPlainRecord(tree))
    return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, toValues(value)]));
  return tree ?? null;
}

/** The tree that {@link toValues} was given, with new tensors. */
export function fromValues(tree: unknown): unknown {
  if (isTensorValues(tree)) return tf.tensor(tree.values, tree.shape, tree.dtype);
  if (Array.isArray(tree)) return tree.map(fromValues);
  if (isPlainRecord(tree))
    return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, fromValues(value)]));
  return tree;
}

export function isTensorValues(value: unknown): value is TensorValues {
  return isPlainRecord(value) && Array.isArray(value['shape']) && Array.isArray(value['values']) && 'dtype' in value;
}

export function hasTensors(tree: unknown): boolean {
  return tensorsIn(tree).length > 0;
}
