import * as tf from '@tensorflow/tfjs-core';
import { engine } from '../tensors/engine.js';
import { share } from '../tensors/share.js';

/** True for a promise, of this realm or another. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Whether a tensor was made for the batch at hand: not there before, and not cached with `tf.keep`. */
export type IsFresh = (tensor: tf.Tensor) => boolean;

/**
 * Makes a batch whose tensors belong to whoever asked for it: disposing it harms nothing else.
 *
 * Tensors that are made on the way and do not end up in the batch are disposed. Where the batch holds a tensor that
 * was there before, or that was cached with `tf.keep`, the batch gets a handle of its own on the same values.
 *
 * @param make gives the batch or a promise of it, and is told how to know the tensors it made; what it makes after an
 * await it disposes itself
 */
export function ownedBatch(make: (isFresh: IsFresh) => unknown): unknown {
  const born = engine().nextTensorId();
  const isFresh: IsFresh = (tensor) => tensor.id >= born && !tensor.kept;
  const own = (batch: unknown): unknown => mapTensors(batch, (tensor) => (isFresh(tensor) ? tensor : share(tensor)));
  const batch = tidied(() => {
    const made = make(isFresh);
    return isPromise(made) ? made : own(made);
  });
  return isPromise(batch) ? batch.then(own) : batch;
}

/** Disposes what is made on the way to a result, or to an error. */
function tidied(make: () => unknown): unknown {
  engine().startScope('batch');
  let result: unknown;
  try {
    result = make();
  } catch (error) {
    engine().endScope();
    throw error;
  }
  // What was made before the first await is needed after it: the scope lets go of all of it.
  const { track } = engine().state.activeScope as { track: tf.Tensor[] };
  engine().endScope(isPromise(result) ? [...track] : (result as tf.TensorContainer));
  return result;
}

/** Examples one by one. Where one fails while others are on their way, it is to be waited for like them. */
export function arrivals(indices: Int32Array, get: (index: number) => unknown): unknown[] {
  const items: unknown[] = [];
  try {
    for (const index of indices) items.push(get(index));
  } catch (error) {
    if (!items.some(isPromise)) throw error;
    items.push(Promise.reject(error));
  }
  return items;
}

/** Collates examples that are still on their way; their tensors that the batch does not hold are disposed. */
export async function collateArrivals(
  arriving: unknown[],
  collate: (items: unknown[]) => unknown,
  isFresh: IsFresh,
): Promise<unknown> {
  // All are waited for even when one fails, since the others bring tensors that have to go.
  const settled = await Promise.allSettled(arriving);
  const items = settled.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  let batch: unknown;
  try {
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    batch = await tidied(() => collate(items));
    return batch;
  } finally {
    const used = new Set(tensorsIn(batch));
    for (const tensor of tensorsIn(items)) if (isFresh(tensor) && !used.has(tensor)) tensor.dispose();
  }
}

/** The tensors in a batch: in arrays and plain records, at any depth. */
export function tensorsIn(batch: unknown): tf.Tensor[] {
  const found: tf.Tensor[] = [];
  mapTensors(batch, (tensor) => {
    found.push(tensor);
    return tensor;
  });
  return found;
}

/** The same structure with every tensor replaced; what holds no replaced tensor stays the same object. */
function mapTensors(value: unknown, f: (tensor: tf.Tensor) => tf.Tensor): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof tf.Tensor) return f(value);
  const keys = Array.isArray(value) ? [...value.keys()] : isPlain(value) ? Object.keys(value) : [];
  const source = value as Record<string | number, unknown>;
  let copy: Record<string | number, unknown> | undefined;
  for (const key of keys) {
    const mapped = mapTensors(source[key], f);
    if (mapped === source[key]) continue;
    copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string | number, unknown>;
    copy[key] = mapped;
  }
  return copy ?? value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
