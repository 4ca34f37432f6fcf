/** How a batch size is looked for. */
export interface Search {
  mode: 'power' | 'binsearch';
  /** The first size that is tried. */
  initVal: number;
  /** How many sizes are tried. */
  maxTrials: number;
  /** No size above it is tried. */
  largest: number;
}

/**
 * The largest size found that fits; undefined if none of those that were tried did.
 *
 * `power` doubles until a size does not fit; if not even the first one does, it halves until one fits, and doubles once more.
 * `binsearch` doubles likewise, and then bisects between the largest size that fits and the smallest that does not.
 */
export async function findBatchSize(
  { mode, initVal, maxTrials, largest }: Search,
  fits: (size: number) => Promise<boolean>,
): Promise<number | undefined> {
  let size = Math.min(initVal, largest);
  let [fit, tooLarge] = [0, Infinity];
  for (let trial = 0; trial < maxTrials; trial++) {
    const bisecting = mode === 'binsearch' && tooLarge !== Infinity;
    if (await fits(size)) {
      fit = size;
      size = bisecting ? middle(fit, tooLarge) : Math.min(2 * size, largest);
    } else {
      if (mode === 'power' && fit > 0) break;
      tooLarge = size;
      size = middle(mode === 'power' ? 0 : fit, tooLarge);
    }
    if (size === fit || size === 0) break;
  }
  return fit === 0 ? undefined : fit;
}

function middle(low: number, high: number): number {
  return Math.trunc((low + high) / 2);
}
