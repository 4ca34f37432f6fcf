import * as tf from '@tensorflow/tfjs-core';
import { DataError, describe, StrobeError } from '../errors.js';

/**
 * Whatever yields batches. What a batch is, the module decides.
 *
 * Who disposes the tensors of a batch: by default whoever made the loader, since an array or a generator of yours may
 * hand out the same tensors again. A loader whose `transient` is true makes new tensors for every batch and hands them
 * over; whoever takes a batch from it (the trainer) disposes them after use. `DataLoader` and `fromTfData` do so; wrap
 * an iterable of yours in {@link transient} to say the same of it.
 */
export type Loader<B = unknown> = (Iterable<B> | AsyncIterable<B>) & { readonly transient?: boolean };

/** Where in the data to begin. */
export interface LoaderPosition {
  /** From 0. */
  epoch: number;
  /** Number of the next batch within the epoch, from 0. Default 0. */
  batch?: number;
  /** Decides the order unless the loader has a seed of its own. */
  seed?: number;
}

/** Batches one after the other; a promise only where there is something to wait for. */
export interface BatchIterator<B = unknown> {
  /** The next batch. */
  next(): IteratorResult<B, unknown> | Promise<IteratorResult<B, unknown>>;
  /** Ends the iteration early and frees what was made ahead. */
  return?(): unknown;
}

/** A loader that can begin at any batch of any epoch without making those before it. */
export interface SeekableLoader<B = unknown> extends Iterable<unknown> {
  /** Batches in an epoch. */
  readonly length: number;
  /** The rest of an epoch, from this position on. */
  batches(from: LoaderPosition): BatchIterator<B>;
}

/**
 * Whether a loader can start an epoch anywhere, so that a run over it can rewind and resume without reading again what
 * is before.
 */
export function isSeekable<B>(loader: Loader<B>): loader is Loader<B> & SeekableLoader<B> {
  return 'batches' in loader && typeof loader.batches === 'function';
}

/** Number of batches in an epoch, where that is known: a finite `length` or `size`. */
export function sizeOf(loader: Loader): number | undefined {
  const { length, size } = loader as { length?: unknown; size?: unknown };
  return [length, size].find((count): count is number => typeof count === 'number' && Number.isFinite(count));
}

/** True when whoever takes a batch from the loader disposes it. */
export function isTransient(loader: Loader): boolean {
  return loader.transient === true;
}

/** Says of an iterable that it makes new tensors for every batch, so that the trainer disposes them after use. */
export function transient<B>(loader: Iterable<B>): Iterable<B> & { readonly transient: true };
export function transient<B>(loader: AsyncIterable<B>): AsyncIterable<B> & { readonly transient: true };
export function transient<B>(loader: Loader<B>): Loader<B> & { readonly transient: true } {
  const count = sizeOf(loader);
  const walk =
    Symbol.asyncIterator in loader
      ? { [Symbol.asyncIterator]: () => loader[Symbol.asyncIterator]() }
      : { [Symbol.iterator]: () => loader[Symbol.iterator]() };
  return Object.assign(walk, count === undefined ? {} : { length: count }, { transient: true as const });
}

/**
 * Checks that a value is a loader with something in it, as far as that can be seen without taking a batch.
 *
 * @param name what to call it in the error: 'the training data', 'val[1]'
 * @throws DataError otherwise, with what to write instead
 */
export function validateLoader(value: unknown, name: string): Loader {
  const received = describe(value);
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value || Symbol.asyncIterator in value)) {
    const expected = 'a DataLoader, or an Iterable or AsyncIterable of batches';
    throw new DataError(
      StrobeError.compose(`Cannot load batches from ${name}.`, { expected, received, hint: insteadOf(value) }),
    );
  }
  if (sizeOf(value as Loader) === 0) throw emptyLoader(name, value);
  return value as Loader;
}

/** @param name what to call it in the error: 'the training data', 'val[1]' */
export function emptyLoader(name: string, value: object): DataError {
  const hint =
    'dropLast' in value && value.dropLast === true
      ? 'set dropLast: false, use a smaller batchSize, or check that the dataset is not empty'
      : 'check that the dataset is not empty';
  return new DataError(
    StrobeError.compose(`There is no batch in ${name}.`, { expected: 'at least one', received: describe(value), hint }),
  );
}

function insteadOf(value: unknown): string {
  if (typeof value === 'function') return 'call the function and pass what it returns';
  if (typeof value !== 'object' || value === null) return 'pass new DataLoader(dataset) or an array of batches';
  if ('then' in value) return 'await the promise first';
  if ('get' in value && 'length' in value) return 'wrap the dataset: new DataLoader(dataset, { batchSize: 32 })';
  if ('dataId' in value) return 'wrap the tensors: new DataLoader(new TensorDataset(x, y), { batchSize: 32 })';
  if ('iterator' in value) return 'wrap the tf.data.Dataset: fromTfData(dataset)';
  return 'pass new DataLoader(dataset) or an array of batches';
}

/** A generator gives the same iterator every time it is asked for one, and can be walked once. */
const walked = new WeakSet<object>();

/**
 * The batches of one epoch of any loader, from a position on. A loader that is not seekable is walked from its
 * beginning: the batches before the position are taken and dropped.
 *
 * @throws DataError when a generator that was walked already is walked again
 */
export function batchesOf<B>(loader: Loader<B>, from: LoaderPosition): BatchIterator<B> {
  if (isSeekable(loader)) return loader.batches(from);
  const iterator = Symbol.asyncIterator in loader ? loader[Symbol.asyncIterator]() : loader[Symbol.iterator]();
  if (walked.has(iterator)) {
    throw new DataError(
      StrobeError.compose('A generator was asked for its batches a second time.', {
        expected: 'a loader that can begin again for every epoch, check and rewind',
        received: 'a generator that was walked before',
        hint: 'pass an object whose [Symbol.iterator]() makes a new generator, or an array of batches',
      }),
    );
  }
  walked.add(iterator);
  return from.batch ? skip(iterator, from.batch, isTransient(loader)) : iterator;
}

function skip<B>(iterator: BatchIterator<B>, count: number, dispose: boolean): BatchIterator<B> {
  let left = count;
  return {
    async next() {
      for (; left > 0; left--) {
        const dropped = await iterator.next();
        if (dropped.done) return dropped;
        if (dispose) tf.dispose(dropped.value as tf.TensorContainer);
      }
      return iterator.next();
    },
    return: () => iterator.return?.(),
  };
}
