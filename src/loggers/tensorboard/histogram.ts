import type { Histogram } from './events.js';

const BUCKETS = 30;

/** Values counted in equally wide buckets; those that are NaN or infinite are left out. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  const finite = Array.from(values).filter(Number.isFinite);
  let [min, max, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0];
  for (const value of finite) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    sumOfSquares += value * value;
  }
  if (finite.length === 0) return { min: 0, max: 0, count: 0, sum: 0, sumOfSquares: 0, limits: [0], counts: [0] };
  // A single value still needs a bucket with some width.
  const width = (max - min || Math.abs(max) || 1) / BUCKETS;
  const limits = Array.from({ length: BUCKETS }, (_, i) => min + (i + 1) * width);
  const counts = Array.from({ length: BUCKETS }, () => 0);
  for (const value of finite) counts[Math.min(BUCKETS - 1, Math.floor((value - min) / width))]! += 1;
  return { min, max, count: finite.length, sum, sumOfSquares, limits, counts };
}
