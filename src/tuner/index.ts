/** Finds settings by trial, apart from the run they are for. */
export { lrFind, LRFinderResult, type LRFindOptions } from './lr-finder.js';
export type { SuggestionMethod } from './lr-suggestions.js';
