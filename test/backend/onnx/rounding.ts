import type { Draw, Spec } from './draws.js';

/** The largest relative error of one rounding in float32. */
const UNIT = 2 ** -24;
/** Below the smallest normal number results may be flushed to zero. */
const TINY = 2 ** -126;
/** Roundings a result may be away from the exact one: twice what was measured, for every kernel and gradient. */
const ROUNDINGS = 8;

/** Kernels with more, and why: measured and doubled. */
const more: Readonly<Record<string, number>> = {
  // The reference approximates it, too: Abramowitz and Stegun 7.1.26, to 1.5e-7 absolute.
  Erf: 64,
  // The square root of a difference of averages, divided by.
  FusedRMSprop: 64,
};

/** The input from which, or whose product with the others, is subtracted. */
const subtracted: Readonly<Record<string, string>> = {
  FusedBatchNorm: 'mean',
  LRNGrad: 'x',
  FusedAdam: 'param',
  FusedSGD: 'param',
  FusedRMSprop: 'param',
  FusedAdagrad: 'param',
};

/**
 * The same call with the sizes of all numbers. Sums round in the size of what is summed, not of the result: this is that
 * size, so that a bound in it holds however much cancels (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
 */
export function sizes(name: string, { inputs, attrs }: Draw): Draw {
  const size = (spec: Spec, sign = 1): Spec => ({ ...spec, values: spec.values.map((v) => sign * Math.abs(v)) });
  if (Array.isArray(inputs)) return { inputs: inputs.map((spec) => size(spec)), attrs };
  const entries = Object.entries(inputs).map(([key, spec]) => [key, size(spec, subtracted[name] === key ? -1 : 1)]);
  return { inputs: Object.fromEntries(entries) as Record<string, Spec>, attrs };
}

/** How far an element may be from `exact`, whose terms add up to `size` when none is negative. */
export function allowed(name: string, exact: number, size: number): number {
  const scale = Math.abs(exact) + (Number.isFinite(size) ? Math.abs(size) : 0);
  return (more[name] ?? ROUNDINGS) * UNIT * scale + TINY;
}
