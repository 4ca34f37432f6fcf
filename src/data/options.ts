import { ConfigurationError, describe, StrobeError } from '../errors.js';
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

const BOOLEAN = { what: 'true or false', holds: (value: unknown) => typeof value === 'boolean' };
const FUNCTION = {
  what: 'a function of the examples of a batch',
  holds: (value: unknown) => typeof value === 'function',
};
const count = (least: number) => ({
  what: `an integer from ${least} up`,
  holds: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least,
});

const OPTIONS: Record<keyof DataLoaderOptions, { what: string; holds: (value: unknown) => boolean }> = {
  batchSize: count(1),
  shuffle: BOOLEAN,
  sampler: {
    what: 'a sampler: length and order(seed, epoch)',
    holds: (value) => typeof value === 'object' && value !== null && 'order' in value && 'length' in value,
  },
  dropLast: BOOLEAN,
  collate: FUNCTION,
  seed: count(0),
  prefetch: count(0),
};

/** @throws ConfigurationError that names the option, what it may be and what came */
export function checkOptions(options: DataLoaderOptions<never>): void {
  for (const [name, value] of Object.entries(options)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as keyof DataLoaderOptions] : undefined;
    if (option && (value === undefined || option.holds(value))) continue;
    throw new ConfigurationError(
      StrobeError.compose(`DataLoader cannot take the option ${name}.`, {
        expected: option ? option.what : `one of ${Object.keys(OPTIONS).join(', ')}`,
        received: option ? describe(value) : name,
        hint: option ? `correct ${name}, or leave it out` : 'check the spelling',
      }),
    );
  }
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
