/**
 * Random numbers whose position fixes every draw: streams are named by keys (seed, epoch, batch, purpose) and made
 * anew wherever they are needed, so a run that is rewound, forked or resumed repeats its draws with nothing to save.
 */
export { globalSeed, seedEverything, withRandom } from './ambient.js';
export { streamOf, type RandomStream, type Shuffleable } from './stream.js';
