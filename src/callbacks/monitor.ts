import { ConfigurationError, describe, StrobeError } from '../errors.js';

export type Mode = 'min' | 'max';

/** Refuses anything but 'min' and 'max'. */
export function checkMode(owner: string, mode: unknown): Mode {
  if (mode === 'min' || mode === 'max') return mode;
  throw new ConfigurationError(
    StrobeError.compose(`${owner}: \`mode\` can be 'min' or 'max'.`, {
      expected: "'min' for metrics that shall fall, 'max' for those that shall rise",
      received: describe(mode),
      hint: "e.g. mode: 'min' for a loss, mode: 'max' for an accuracy",
    }),
  );
}

/** The one definition of "better" for everything that monitors: strictly, by more than `minDelta`. NaN is never better. */
export function isBetter(mode: Mode, value: number, than: number, minDelta = 0): boolean {
  return mode === 'min' ? value + minDelta < than : value - minDelta > than;
}

/** The worst value there is: everything finite is better. */
export function worst(mode: Mode): number {
  return mode === 'min' ? Infinity : -Infinity;
}
