import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { checkOptions, FLAG, type Allowed } from '../options.js';
import { streamOf } from '../random/index.js';

/**
 * Decides which examples an epoch has, and in which order. The order is a pure function of the seed and the epoch,
 * which is what lets a loader make any batch of any epoch without making the ones before it.
 */
export interface Sampler {
  /** Number of examples in an epoch. */
  readonly length: number;
  /** The numbers of the examples of an epoch, `length` of them. */
  order(seed: number, epoch: number): ArrayLike<number>;
}

/** Something with a length: a dataset, usually. */
export interface Sized {
  /** How many there are. */
  readonly length: number;
}

/** Every example once, first to last. */
export class SequentialSampler implements Sampler {
  readonly #source: Sized;

  constructor(source: Sized) {
    this.#source = source;
  }

  get length(): number {
    return this.#source.length;
  }

  order(): Int32Array {
    return Int32Array.from({ length: this.length }, (_, i) => i);
  }
}

/** What RandomSampler takes. */
export interface RandomSamplerOptions {
  /** Whether an example may come more than once. Default false. */
  replacement?: boolean;
  /** Examples per epoch. Default: as many as there are; without replacement that is also the most. */
  numSamples?: number;
}

const OPTIONS: Record<keyof RandomSamplerOptions, Allowed> = {
  replacement: FLAG,
  // How many there may be depends on the source.
  numSamples: { what: 'a number', holds: (value) => typeof value === 'number' },
};

/** Examples in a random order that is new in every epoch. */
export class RandomSampler implements Sampler {
  readonly #source: Sized;
  readonly #replacement: boolean;
  readonly #numSamples: number | undefined;

  /** @throws ConfigurationError when more examples are asked for than there are */
  constructor(source: Sized, options: RandomSamplerOptions = {}) {
    checkOptions('new RandomSampler', options, OPTIONS);
    const { replacement = false, numSamples } = options;
    if (numSamples !== undefined) checkCount('RandomSampler', numSamples, replacement ? Infinity : source.length);
    this.#source = source;
    this.#replacement = replacement;
    this.#numSamples = numSamples;
  }

  get length(): number {
    return this.#numSamples ?? this.#source.length;
  }

  order(seed: number, epoch: number): Int32Array {
    const stream = streamOf(seed, epoch, 'order');
    const available = this.#source.length;
    if (this.#replacement) return Int32Array.from({ length: this.length }, () => stream.int(available));
    const all = stream.shuffle(Int32Array.from({ length: available }, (_, i) => i));
    return all.subarray(0, this.length);
  }
}

/** What WeightedRandomSampler takes. */
export interface WeightedRandomSamplerOptions {
  /** Examples per epoch. Default: as many as there are weights. */
  numSamples?: number;
  /** Whether an example may come more than once. Default true. */
  replacement?: boolean;
}

/**
 * Examples drawn with probabilities in proportion to their weights, which need not add up to 1.
 *
 * Without replacement, each draw is in proportion to the weights of what is left (Efraimidis and Spirakis, "Weighted
 * random sampling with a reservoir", 2006: the largest values of u^(1/w)).
 */
export class WeightedRandomSampler implements Sampler {
  readonly length: number;
  readonly #weights: Float64Array;
  readonly #replacement: boolean;

  /** @throws ConfigurationError when a weight is negative or not finite, or too few are positive */
  constructor(weights: ArrayLike<number>, options: WeightedRandomSamplerOptions = {}) {
    checkOptions('new WeightedRandomSampler', options, OPTIONS);
    const { numSamples = weights.length, replacement = true } = options;
    this.#weights = Float64Array.from(weights);
    const wrong = this.#weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
    const positive = this.#weights.filter((weight) => weight > 0).length;
    if (wrong !== -1 || positive === 0) {
      throw new ConfigurationError(
        StrobeError.compose('A WeightedRandomSampler was given weights nothing can be drawn with.', {
          expected: 'finite weights from 0 up, at least one above 0',
          received: wrong === -1 ? 'no weight above 0' : `weight ${wrong} is ${this.#weights[wrong]}`,
          hint: 'give every example a weight, 0 for those that must not come',
        }),
      );
    }
    checkCount('WeightedRandomSampler', numSamples, replacement ? Infinity : positive);
    this.length = numSamples;
    this.#replacement = replacement;
  }

  order(seed: number, epoch: number): Int32Array {
    const stream = streamOf(seed, epoch, 'order');
    if (this.#replacement) {
      let sum = 0;
      const upTo = this.#weights.map((weight) => (sum += weight));
      return Int32Array.from({ length: this.length }, () => firstAbove(upTo, stream.next() * sum));
    }
    // log(u) / w orders like u^(1/w) and does not underflow.
    const key = (weight: number) => Math.log(1 - stream.next()) / weight;
    const keys = this.#weights.map((weight) => (weight > 0 ? key(weight) : -Infinity));
    const best = Int32Array.from(keys, (_, i) => i).sort((a, b) => (keys[b] as number) - (keys[a] as number) || a - b);
    return best.subarray(0, this.length);
  }
}

/** Index of the first entry of an ascending array that is above `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function checkCount(sampler: string, numSamples: number, most: number): void {
  if (Number.isInteger(numSamples) && numSamples > 0 && numSamples <= most) return;
  throw new ConfigurationError(
    StrobeError.compose(`${sampler} cannot draw that many examples.`, {
      expected: `numSamples to be an integer from 1${most === Infinity ? ' up' : ` to ${most}`}`,
      received: describe(numSamples),
      hint: most === Infinity ? 'leave numSamples out' : 'ask for fewer, or set replacement: true',
    }),
  );
}
