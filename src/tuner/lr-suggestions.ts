/** How a learning rate is read off the curve of losses over learning rates. */
export type SuggestionMethod = 'steepest' | 'valley' | 'minimum' | 'slide';

/** Slopes of y over unevenly spaced x: second-order central differences, first-order at the ends, as `numpy.gradient` has them. */
export function gradient(x: readonly number[], y: readonly number[]): number[] {
  const at = (values: readonly number[], i: number) => values[i] as number;
  return y.map((_, i) => {
    const [a, b] = [Math.max(0, i - 1), Math.min(y.length - 1, i + 1)];
    if (a === i || b === i) return (at(y, b) - at(y, a)) / (at(x, b) - at(x, a));
    const [before, after] = [at(x, i) - at(x, a), at(x, b) - at(x, i)];
    const weighted = before ** 2 * at(y, b) + (after ** 2 - before ** 2) * at(y, i) - after ** 2 * at(y, a);
    return weighted / (before * after * (before + after));
  });
}

/** Index of the suggested point; all losses are finite, and there are at least two. */
export const suggestions: Record<SuggestionMethod, (lrs: readonly number[], losses: readonly number[]) => number> = {
  /** Where the loss falls fastest per decade of the learning rate. */
  steepest: (lrs, losses) => indexOfLeast(gradient(lrs.map(Math.log10), losses)),
  /** Two thirds into the longest valley: the longest decreasing subsequence of losses (fastai's `valley`). */
  valley: (_lrs, losses) => {
    const lengths = losses.map(() => 1);
    let end = 0;
    for (let i = 1; i < losses.length; i++) {
      for (let j = 0; j < i; j++) {
        if ((losses[i] as number) < (losses[j] as number))
          lengths[i] = Math.max(lengths[i] as number, (lengths[j] as number) + 1);
      }
      if ((lengths[i] as number) > (lengths[end] as number)) end = i;
    }
    const start = Math.max(0, end - (lengths[end] as number));
    const third = (end - start) / 3;
    return start + Math.trunc(third) + Math.trunc(third / 2);
  },
  /** A tenth of the learning rate with the least loss (fastai's `minimum`). */
  minimum: (lrs, losses) => {
    const wanted = (lrs[indexOfLeast(losses)] as number) / 10;
    const after = lrs.findIndex((lr) => lr > wanted);
    return Math.max(0, after === -1 ? lrs.length - 1 : after - 1);
  },
  /** The end of the last stretch over which the slope hardly changes (fastai's `slide`). */
  slide: (lrs, losses) => {
    const slopes = gradient(lrs.map((_, i) => i), losses); // prettier-ignore
    const span = Math.min(15, losses.length - 1);
    let right = losses.length - 1;
    while (right - span > 0 && Math.abs((slopes[right] as number) - (slopes[right - span] as number)) > 0.005)
      right -= 1;
    return right - span;
  },
};

function indexOfLeast(values: readonly number[]): number {
  return values.reduce((least, value, i) => (value < (values[least] as number) ? i : least), 0);
}
