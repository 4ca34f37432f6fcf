import { ConfigurationError, ContractError, DataError, describe, StrobeError } from '../errors.js';
import { globalSeed, streamOf, withRandom } from '../random/index.js';
import { BatchesAhead } from './ahead.js';
import { arrivals, collateArrivals, isPromise, ownedBatch } from './batch.js';
import { defaultCollate, type Collated } from './collate.js';
import type { Dataset } from './dataset.js';
import type { BatchIterator, LoaderPosition, SeekableLoader } from './loader.js';
import { checkLoaderOptions, type DataLoaderOptions } from './options.js';
import { RandomSampler, SequentialSampler, type Sampler } from './sampler.js';

/**
 * Batches of a dataset.
 *
 * The order of an epoch is a pure function of (seed, epoch), and all chance in making a batch (augmentation in `get`,
 * in `collate`) is one of (seed, epoch, batch). So any batch of any epoch can be made without the ones before it,
 * again and with the same numbers: `loader.batch(3, 17)`.
 *
 * The tensors of a batch are made for whoever takes it, who disposes them; the dataset's own are never in it.
 *
 * `for (const batch of loader)` is one epoch, and the next loop is the next epoch; {@link seek} says otherwise. Where
 * `get` or `collate` is asynchronous, use `for await`. A trainer keeps its own place and neither sees nor moves that.
 *
 * @typeParam B a batch; a promise of one where `get` or `collate` is asynchronous
 */
export class DataLoader<Item = unknown, B = Collated<Item>> implements SeekableLoader<Awaited<B>> {
  /** Where the examples come from. */
  readonly dataset: Dataset<Item, unknown>;
  /** Examples in a batch; the last one of an epoch may have fewer. */
  readonly batchSize: number;
  /** Whether the order is drawn anew in each epoch. */
  readonly shuffle: boolean;
  /** What orders the examples. */
  readonly sampler: Sampler;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;
  /** The loader's own seed, which no trainer overrides. */
  readonly seed: number | undefined;
  /** Batches made ahead. */
  readonly prefetch: number;
  /** Whoever takes a batch disposes it. */
  readonly transient = true;

  readonly #options: DataLoaderOptions<Item, B>;
  readonly #make: (indices: Int32Array) => B;
  #cursor = { epoch: 0, batch: 0 };
  #drawnSeed: number | undefined;
  #lastOrder: { seed: number; epoch: number; order: Int32Array } | undefined;

  /** @throws ConfigurationError when an option is wrong or two contradict each other */
  constructor(
    dataset: Dataset<Item, unknown>,
    options: DataLoaderOptions<Item, B> & { collate: (items: Awaited<Item>[]) => B },
  );
  constructor(dataset: Dataset<Item, B>, options?: DataLoaderOptions<Item, B> & { collate?: undefined });
  constructor(dataset: Dataset<Item, B>, options: DataLoaderOptions<Item, B> = {}) {
    checkDataset(dataset);
    checkLoaderOptions(options);
    const { batchSize = 1, shuffle = false, dropLast = false, seed, prefetch = 0, sampler, collate } = options;
    this.#options = options;
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.seed = seed;
    this.prefetch = prefetch;
    this.sampler = sampler ?? (shuffle ? new RandomSampler(dataset) : new SequentialSampler(dataset));
    this.#make = batchMaker(dataset, collate);
  }

  /** Number of batches in an epoch. */
  get length(): number {
    const batches = this.sampler.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /**
   * Makes one batch.
   *
   * @param epoch from 0
   * @param index number of the batch within the epoch, from 0
   * @param seed decides the order unless the loader has a seed of its own
   * @throws DataError when there is no such batch
   */
  batch(epoch: number, index: number, seed?: number): B {
    return this.#batchAt(epoch, index, this.#seedFor(seed));
  }

  /** The batches of an epoch from a position on. Does not touch the loader's own place. */
  batches({ epoch, batch = 0, seed }: LoaderPosition): BatchIterator<Awaited<B>> {
    const chosen = this.#seedFor(seed);
    const make = (index: number) => this.#batchAt(epoch, index, chosen) as Awaited<B> | Promise<Awaited<B>>;
    return new BatchesAhead(make, batch, this.length, this.prefetch);
  }

  /** Sets where the next loop over the loader begins. */
  seek(epoch: number, batch = 0): void {
    for (const [name, value] of Object.entries({ epoch, batch })) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new ConfigurationError(
        StrobeError.compose(`A loader cannot seek to this ${name}.`, {
          expected: 'an integer from 0 up',
          received: describe(value),
          hint: 'epochs and batches are counted from 0',
        }),
      );
    }
    this.#cursor = { epoch, batch };
  }

  /** Sets the epoch of the next loop over the loader. */
  setEpoch(epoch: number): void {
    this.seek(epoch);
  }

  /** The same loader with other options, over the same dataset. */
  with(options: DataLoaderOptions<Item, B>): DataLoader<Item, B> {
    const merged = { ...this.#options, ...options } as DataLoaderOptions<Item, B> & { collate?: undefined };
    return new DataLoader<Item, B>(this.dataset as Dataset<Item, B>, merged);
  }

  /** The batches of the next epoch. */
  [Symbol.iterator](): IterableIterator<B, undefined> {
    return this.#loop(this.#nextLoop());
  }

  /** The batches of the next epoch, awaited. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Awaited<B>, undefined> {
    return this.#asyncLoop(this.#nextLoop());
  }

  #nextLoop(): { epoch: number; batch: number } {
    const start = this.#cursor;
    this.#cursor = { epoch: start.epoch + 1, batch: 0 };
    return start;
  }

  *#loop({ epoch, batch }: { epoch: number; batch: number }): Generator<B, undefined> {
    const seed = this.#seedFor();
    for (let index = batch; index < this.length; index++) yield this.#batchAt(epoch, index, seed);
  }

  async *#asyncLoop(from: LoaderPosition): AsyncGenerator<Awaited<B>, undefined> {
    const batches = this.batches(from);
    try {
      for (let step = await batches.next(); !step.done; step = await batches.next()) yield step.value;
    } finally {
      batches.return?.();
    }
  }

  #batchAt(epoch: number, index: number, seed: number): B {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new DataError(
        StrobeError.compose(`The loader has no batch ${index}.`, {
          expected: this.length === 0 ? 'nothing: the loader is empty' : `a number from 0 to ${this.length - 1}`,
          received: describe(index),
          hint: 'check the number against loader.length',
        }),
      );
    }
    const start = index * this.batchSize;
    const indices = this.#order(epoch, seed).subarray(start, start + this.batchSize);
    return withRandom(
      () => streamOf(seed, epoch, index, 'batch'),
      () => this.#make(indices),
    );
  }

  #order(epoch: number, seed: number): Int32Array {
    if (this.#lastOrder?.epoch !== epoch || this.#lastOrder.seed !== seed) {
      const order = checkOrder(this.sampler.order(seed, epoch), this.sampler.length, this.dataset.length);
      this.#lastOrder = { seed, epoch, order };
    }
    return this.#lastOrder.order;
  }

  #seedFor(given?: number): number {
    const seed = this.seed ?? given ?? globalSeed() ?? this.#drawnSeed;
    return seed ?? (this.#drawnSeed = Math.floor(Math.random() * 2 ** 32));
  }
}

function batchMaker<Item, B>(
  dataset: Dataset<Item, B>,
  collate: ((items: Awaited<Item>[]) => B) | undefined,
): (indices: Int32Array) => B {
  const getBatch = dataset.getBatch?.bind(dataset);
  if (getBatch && !collate) return (indices) => ownedBatch(() => getBatch(indices)) as B;
  const chosen = (collate ?? defaultCollate) as (items: unknown[]) => unknown;
  return (indices) =>
    ownedBatch((isFresh) => {
      const items = arrivals(indices, (index) => dataset.get(index));
      return items.some(isPromise) ? collateArrivals(items, chosen, isFresh) : chosen(items);
    }) as B;
}

function checkOrder(order: ArrayLike<number>, length: number, examples: number): Int32Array {
  const indices = order instanceof Int32Array ? order : Array.from(order);
  const odd = indices.findIndex((index) => !(Number.isInteger(index) && index >= 0 && index < examples));
  if (indices.length === length && odd === -1) return Int32Array.from(indices);
  throw new ContractError(
    StrobeError.compose('The sampler gave an order the dataset does not have.', {
      expected: `${length} integers (its length) from 0 to ${examples - 1}`,
      received: odd === -1 ? `${indices.length} integers` : `${describe(indices[odd])} at place ${odd}`,
      hint: 'make order(seed, epoch) give sampler.length indices of the dataset',
    }),
  );
}

function checkDataset(dataset: unknown): void {
  if (typeof dataset === 'object' && dataset !== null && 'get' in dataset && 'length' in dataset) return;
  throw new DataError(
    StrobeError.compose('A DataLoader was made from something that is not a dataset.', {
      expected: 'a dataset: length and get(index)',
      received: describe(dataset),
      hint: 'wrap arrays in new ArrayDataset(items), tensors in new TensorDataset(x, y)',
    }),
  );
}
