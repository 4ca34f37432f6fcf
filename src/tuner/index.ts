/** Finds settings by trial, apart from the run they are for: as functions, and as callbacks that go before a fit. */
export { scaleBatchSize, type ScaleBatchSizeOptions } from './batch-size.js';
export { BatchSizeFinder, type BatchSizeFinderOptions } from './batch-size-finder.js';
export { LearningRateFinder, type LearningRateFinderOptions } from './learning-rate-finder.js';
export { lrFind, LRFinderResult, type LRFindOptions } from './lr-finder.js';
export type { SuggestionMethod } from './lr-suggestions.js';
