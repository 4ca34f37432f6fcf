/**
 * Data on its way to a step: datasets hold examples, samplers order them, loaders make batches. Everything a loader
 * does is a function of (seed, epoch, batch), so a run can begin, go back and go on anywhere.
 */
export { defaultCollate, type Collated, type NumberArray } from './collate.js';
export { DataLoader } from './data-loader.js';
export { parseIdx, readIdx, type IdxArray } from './idx.js';
export { ArrayDataset, TensorDataset, type Dataset, type Tensors } from './dataset.js';
export {
  batchesOf,
  isSeekable,
  isTransient,
  sizeOf,
  transient,
  validateLoader,
  type BatchIterator,
  type Loader,
  type LoaderPosition,
  type SeekableLoader,
} from './loader.js';
export type { DataLoaderOptions } from './options.js';
export {
  RandomSampler,
  SequentialSampler,
  WeightedRandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  type Sized,
  type WeightedRandomSamplerOptions,
} from './sampler.js';
export { randomSplit, subset, type RandomSplitOptions } from './split.js';
export { fromTfData, type TfDataset } from './tf-data.js';
