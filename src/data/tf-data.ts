import { DataError, describe, StrobeError } from '../errors.js';
import type { Loader } from './loader.js';

/** The part of tfjs-data's `Dataset` that is used here. */
export interface TfDataset<B> {
  /** A pass over the data, from the beginning. */
  iterator(): Promise<{
    /** The next batch. */
    next(): Promise<IteratorResult<B, unknown>>;
  }>;
  /** Number of elements; infinite or null when unknown. */
  readonly size?: number | null;
}

/**
 * A `tf.data.Dataset` as a loader. Batch, shuffle and prefetch with the dataset's own methods first:
 * `fromTfData(tf.data.csv(url).shuffle(1000, 42).batch(32))`.
 *
 * It is walked from its beginning in every epoch and is not seekable; `length` is there when the dataset knows its
 * size. Give `shuffle` a seed: tfjs-data otherwise takes one from the clock.
 *
 * @throws DataError when it is not a dataset
 */
export function fromTfData<B>(dataset: TfDataset<B>): Loader<B> & AsyncIterable<B> & { readonly length?: number } {
  if (typeof (dataset as Partial<TfDataset<B>> | undefined)?.iterator !== 'function') {
    throw new DataError(
      StrobeError.compose('This is not a tf.data.Dataset.', {
        expected: 'an object with an iterator() method, as tf.data.array, csv and generator make',
        received: describe(dataset),
        hint: 'other iterables of batches can be passed to the trainer as they are',
      }),
    );
  }
  const { size } = dataset;
  return {
    transient: true,
    ...(typeof size === 'number' && Number.isFinite(size) ? { length: size } : {}),
    async *[Symbol.asyncIterator]() {
      const iterator = await dataset.iterator();
      for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
    },
  };
}
