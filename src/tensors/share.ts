import * as tf from '@tensorflow/tfjs-core';
import { engine } from './engine.js';

/**
 * A second handle on a tensor's values: no copy on any backend, and its own reference count.
 *
 * `tensor.clone()` would do, but on some backends (wasm) it copies the values. Tensors are immutable and
 * `Variable.assign` only swaps references, so a shared handle is a snapshot for the price of an object.
 *
 * @param shape another shape to see the values in, of as many elements
 */
export function share<T extends tf.Tensor>(tensor: T, shape: number[] = tensor.shape): T {
  const { backend } = engine();
  const handle = new tf.Tensor(shape, tensor.dtype, tensor.dataId, engine().nextTensorId());
  engine().incRef(handle, backend);
  return handle as T;
}

/** A shared handle that outlives every `tf.tidy` it was made in; whoever holds it disposes it. */
export function retain<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(share(tensor));
}

/** True when both handles show the same values because they are the same values. */
export function sameValues(a: tf.Tensor, b: tf.Tensor): boolean {
  return a.dataId === b.dataId;
}
