import * as tf from '@tensorflow/tfjs-core';

/**
 * Batches, outputs and states are trees: tensors and plain values in arrays and plain records. These walk them.
 * An instance of a class other than a tensor is a leaf; nobody looks inside.
 */
export function isPlainRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function tensorsIn(tree: unknown): tf.Tensor[] {
  const found: tf.Tensor[] = [];
  collect(tree, found, []);
  return found;
}

/** What is met again in itself is no tree: it is refused where it is saved, and has to be disposed after that. */
function collect(tree: unknown, found: tf.Tensor[], within: readonly object[]): void {
  if (tree instanceof tf.Tensor) found.push(tree);
  else if (Array.isArray(tree) || isPlainRecord(tree)) {
    if (within.includes(tree)) return;
    const inside = [...within, tree];
    for (const item of Array.isArray(tree) ? tree : Object.values(tree)) collect(item, found, inside);
  }
}

/** The same tree with every tensor replaced. */
export function mapTensors(tree: unknown, replace: (tensor: tf.Tensor) => tf.Tensor): unknown {
  return mapped(tree, replace, []);
}

function mapped(tree: unknown, replace: (tensor: tf.Tensor) => tf.Tensor, within: readonly object[]): unknown {
  if (tree instanceof tf.Tensor) return replace(tree);
  if (!(Array.isArray(tree) || isPlainRecord(tree)) || within.includes(tree)) return tree;
  const inside = [...within, tree];
  const each = (item: unknown) => mapped(item, replace, inside);
  if (Array.isArray(tree)) return tree.map(each);
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, each(value)]));
}

/** Disposes tensors that are still alive; a tensor that somebody else disposed already is passed over. */
export function disposeAll(tensors: Iterable<tf.Tensor>): void {
  for (const tensor of tensors) if (!tensor.isDisposed) tensor.dispose();
}
