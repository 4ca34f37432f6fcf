import { ConfigurationError, StrobeError } from '../errors.js';
import { checkOptions, COUNT, countFrom, FLAG, type Allowed } from '../options.js';
import type { Sampler } from './sampler.js';

/** What DataLoader takes. */
export interface DataLoaderOptions<Item = unknown, B = unknown> {
  /** Examples per batch. Default 1. */
  batchSize?: number;
  /** Whether every epoch has a random order of its own. Default false. */
  shuffle?: boolean;
  /** Decides which examples come in which order; excludes `shuffle`. */
  sampler?: Sampler;
  /** Whether a last batch with fewer examples is left out. Default false. */
  dropLast?: boolean;
  /** Makes a batch of examples; may be asynchronous. Default: the dataset's own way, else {@link defaultCollate}. */
  collate?: ((items: Awaited<Item>[]) => B) | undefined;
  /** Decides the order and all chance in making batches. Default: the trainer's seed, then `seedEverything`'s. */
  seed?: number;
  /** Batches made ahead where making them is asynchronous. Default 0. */
  prefetch?: number;
}

const OPTIONS: Record<keyof DataLoaderOptions, Allowed> = {
  batchSize: countFrom(1),
  shuffle: FLAG,
  sampler: {
    what: 'a sampler: length and order(seed, epoch)',
    holds: (value) => typeof value === 'object' && value !== null && 'order' in value && 'length' in value,
  },
  dropLast: FLAG,
  collate: { what: 'a function of the examples of a batch', holds: (value) => typeof value === 'function' },
  seed: COUNT,
  prefetch: COUNT,
};

/** @throws ConfigurationError when an option is wrong or two contradict each other */
export function checkLoaderOptions(options: DataLoaderOptions<never>): void {
  checkOptions('new DataLoader', options, OPTIONS);
  if (options.sampler && options.shuffle) {
    throw new ConfigurationError(
      StrobeError.compose('DataLoader was given both a sampler and shuffle: true.', {
        expected: 'one of them, since each decides the order',
        received: 'both',
        hint: 'leave out shuffle, or write sampler: new RandomSampler(dataset)',
      }),
    );
  }
}
