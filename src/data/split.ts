import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { checkOptions, COUNT } from '../options.js';
import { globalSeed, streamOf } from '../random/index.js';
import type { Collated } from './collate.js';
import type { Dataset } from './dataset.js';

/**
 * The examples with the given numbers, in the given order, as a dataset of their own. Nothing is copied.
 *
 * @throws ConfigurationError when an index is not one of the dataset's
 */
export function subset<Item, Batch = Collated<Item>>(
  dataset: Dataset<Item, Batch>,
  indices: ArrayLike<number>,
): Dataset<Item, Batch> {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (Number.isInteger(index) && index >= 0 && index < dataset.length) continue;
    throw new ConfigurationError(
      StrobeError.compose(`Entry ${i} of the indices given to subset is not an example of the dataset.`, {
        expected: `integers from 0 to ${dataset.length - 1}`,
        received: describe(index),
        hint: 'check how the indices are computed',
      }),
    );
  }
  const chosen = Int32Array.from(indices);
  const view: Dataset<Item, Batch> = {
    length: chosen.length,
    get: (index) => dataset.get(chosen[index] as number),
  };
  if (dataset.getBatch) {
    const getBatch = dataset.getBatch.bind(dataset);
    view.getBatch = (indices) => getBatch(indices.map((index) => chosen[index] as number));
  }
  return view;
}

/** What randomSplit takes. */
export interface RandomSplitOptions {
  /**
   * Which of the possible splits. Default: the seed given to `seedEverything`, otherwise 0. A split never depends on
   * chance, so that a run that goes on in another process does not train on what it validated on.
   */
  seed?: number;
}

/**
 * Splits a dataset at random into parts that share no example.
 *
 * @param sizes lengths that add up to the dataset's, or fractions that add up to 1; the examples that rounding the
 * fractions down leaves over go to the parts in turn, as in PyTorch's `random_split`
 * @throws ConfigurationError when they do not add up
 */
export function randomSplit<Item, Batch = Collated<Item>>(
  dataset: Dataset<Item, Batch>,
  sizes: readonly number[],
  options: RandomSplitOptions = {},
): Dataset<Item, Batch>[] {
  checkOptions('randomSplit', options, { seed: COUNT });
  const { seed = globalSeed() ?? 0 } = options;
  const lengths = lengthsOf(sizes, dataset.length);
  const order = streamOf(seed, 'split').shuffle(Int32Array.from({ length: dataset.length }, (_, i) => i));
  let start = 0;
  return lengths.map((length) => subset(dataset, order.subarray(start, (start += length))));
}

function lengthsOf(sizes: readonly number[], total: number): number[] {
  const sum = sizes.reduce((a, b) => a + b, 0);
  const valid = sizes.every((size) => size >= 0);
  if (valid && sum === total && sizes.every(Number.isInteger)) return [...sizes];
  if (valid && Math.abs(sum - 1) < 1e-6) {
    const lengths = sizes.map((fraction) => Math.floor((fraction / sum) * total));
    const left = total - lengths.reduce((a, b) => a + b, 0);
    for (let i = 0; i < left; i++) lengths[i % lengths.length]! += 1;
    return lengths;
  }
  throw new ConfigurationError(
    StrobeError.compose('The sizes given to randomSplit do not add up.', {
      expected: `whole numbers that add up to ${total}, or fractions that add up to 1`,
      received: `[${sizes.join(', ')}], which add up to ${sum}`,
      hint: 'for example [0.8, 0.2]',
    }),
  );
}
