import type * as tf from '@tensorflow/tfjs-core';
import { batchesOf, isTransient, sizeOf, type BatchIterator, type Loader } from '../data/index.js';
import { DataError, StrobeError } from '../errors.js';
import { tensorsIn } from '../tensors/tree.js';
import type { Batch } from './hooks.js';

export interface Taken {
  batch: Batch;
  /** The batch's tensors that the trainer disposes after use. */
  owned: tf.Tensor[];
}

/**
 * A loader standing at a batch: the trainer's own place in the data, which the loader knows nothing of.
 *
 * A loader that does not know its length is read one batch ahead, so that the last batch is known for what it is.
 */
export class BatchSource {
  readonly loader: Loader;
  readonly #seed: number;
  #batches: BatchIterator | undefined;
  #ahead: IteratorResult<unknown, unknown> | undefined;

  constructor(loader: Loader, seed: number) {
    this.loader = loader;
    this.#seed = seed;
  }

  /** True once it is known that there is nothing more. */
  get exhausted(): boolean {
    return this.#ahead?.done === true;
  }

  /** Stands at a batch of an epoch. A loader that cannot seek is read up to there. */
  async seek(epoch: number, batch: number): Promise<void> {
    await this.close();
    this.#batches = batchesOf(this.loader, { epoch, batch, seed: this.#seed });
    if (sizeOf(this.loader) === undefined) this.#ahead = await this.#batches.next();
  }

  /** The next batch, a promise of it only if the loader gives one. */
  take(): Taken | Promise<Taken> {
    if (!this.#batches) throw new Error('The loader was not told where to begin.');
    const next = this.#ahead ?? this.#batches.next();
    if (next instanceof Promise) return next.then((result) => this.#taken(result));
    if (!this.#ahead) return this.#taken(next);
    return Promise.resolve(this.#batches.next()).then((following) => {
      this.#ahead = following;
      return this.#taken(next);
    });
  }

  /** Lets go of what the loader made ahead. */
  async close(): Promise<void> {
    const left = this.#ahead;
    if (left && !left.done) this.#taken(left).owned.forEach((tensor) => tensor.dispose());
    this.#ahead = undefined;
    await this.#batches?.return?.();
    this.#batches = undefined;
  }

  #taken(result: IteratorResult<unknown, unknown>): Taken {
    if (result.done) {
      throw new DataError(
        StrobeError.compose('A loader ended before its length said it would.', {
          expected: `${sizeOf(this.loader) ?? 'one more'} batches`,
          received: 'the end of the iteration',
          hint: 'make `length` the number of batches that iterating yields, or leave it out',
        }),
      );
    }
    const batch = result.value;
    return { batch, owned: isTransient(this.loader) ? tensorsIn(batch) : [] };
  }
}

export function isLoader(value: unknown): value is Loader {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
