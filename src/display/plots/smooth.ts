import type { Values } from '../figure/spec.js';

/**
 * Exponential moving average without the pull towards 0 at the beginning (as in Adam, Kingma & Ba 2015). Values that are
 * not finite are passed over.
 *
 * @param weight of what came before, from 0 (no smoothing) to below 1
 */
export function smoothed(values: Values, weight: number): number[] {
  let [average, correction] = [0, 1];
  return Array.from(values, (value) => {
    if (!Number.isFinite(value)) return value;
    average = weight * average + (1 - weight) * value;
    correction *= weight;
    return average / (1 - correction);
  });
}
