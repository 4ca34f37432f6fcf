import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { streamOf, type RandomStream } from './stream.js';

let seedOfTheProcess: number | undefined;

/**
 * Runs `f` with `Math.random` drawing from a stream, and puts the caller's `Math.random` back afterwards, also when
 * `f` throws. tfjs takes the seeds of its seedless operations (`tf.randomNormal`, `tf.dropout`, initializers,
 * `tf.util.shuffle`) from `Math.random`, so they follow.
 *
 * The stream is made at the first draw: where nobody draws, this costs a few nanoseconds. Calls nest. Only the
 * synchronous part of `f` is covered: what runs after an `await` draws from whatever is in place by then.
 */
export function withRandom<T>(makeStream: () => RandomStream, f: () => T): T {
  const outside = Math.random;
  let stream: RandomStream | undefined;
  const inside = (): number => (stream ??= makeStream()).next();
  Math.random = inside;
  try {
    return f();
  } finally {
    // Whoever replaced Math.random inside (seedEverything, a mock) meant to: it stays.
    if (Math.random === inside) Math.random = outside;
  }
}

/**
 * Seeds everything that draws from `Math.random` in this process, tfjs included, and the trainers and loaders that
 * are given no seed of their own. Calling it again starts the sequence anew.
 *
 * @param seed an integer from 0 to `Number.MAX_SAFE_INTEGER`
 */
export function seedEverything(seed: number): void {
  const stream = streamOf('process', checkSeed(seed));
  seedOfTheProcess = seed;
  Math.random = () => stream.next();
}

/** The seed last given to {@link seedEverything}, if any. */
export function globalSeed(): number | undefined {
  return seedOfTheProcess;
}

/** Gives the seed back, or says what a seed is. */
function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ConfigurationError(
    StrobeError.compose('This is not a seed.', {
      expected: 'an integer from 0 to Number.MAX_SAFE_INTEGER',
      received: describe(seed),
      hint: 'pass a whole number such as 42',
    }),
  );
}
