import { ConfigurationError, describe, StrobeError } from '../errors.js';

/** A stretch of time: milliseconds, `DD:HH:MM:SS`, or parts that are added up. */
export type Duration = number | string | { days?: number; hours?: number; minutes?: number; seconds?: number };

/** Milliseconds in each part of a duration. */
const PARTS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000 } as const;

/**
 * A duration in milliseconds.
 *
 * @param what whose duration it is, for the error
 * @throws ConfigurationError if it is none, or negative
 */
export function milliseconds(what: string, duration: unknown): number {
  const result = parse(duration);
  if (result !== undefined && result >= 0) return result;
  throw new ConfigurationError(
    StrobeError.compose(`${what} is not a valid duration.`, {
      expected: 'a string in the format DD:HH:MM:SS, milliseconds, or a record such as { hours: 12 }; not negative',
      received: describe(duration),
      hint: "e.g. '00:12:00:00' or { hours: 12 } for twelve hours",
    }),
  );
}

export function isDuration(value: unknown): value is Duration {
  return (parse(value) ?? -1) >= 0;
}

function parse(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isNaN(duration) ? undefined : duration;
  if (typeof duration === 'string') {
    const [, days, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d):(\d\d)$/.exec(duration) ?? [];
    return days === undefined ? undefined : sum({ days, hours, minutes, seconds });
  }
  if (typeof duration !== 'object' || duration === null) return undefined;
  const known = Object.entries(duration).every(([part, value]) => part in PARTS && typeof value === 'number');
  return known && Object.keys(duration).length > 0 ? sum(duration) : undefined;
}

function sum(parts: object): number {
  return Object.entries(parts).reduce(
    (total, [part, value]) => total + Number(value) * PARTS[part as keyof typeof PARTS],
    0,
  );
}
