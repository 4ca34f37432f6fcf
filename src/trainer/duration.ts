import { ConfigurationError, describe, StrobeError } from '../errors.js';

/** A time: milliseconds, `'DD:HH:MM:SS'`, or parts that are added up. */
export type Duration =
  | number
  | string
  | {
      /** 24 hours each. */
      days?: number;
      /** 60 minutes each. */
      hours?: number;
      /** 60 seconds each. */
      minutes?: number;
      /** 1000 milliseconds each. */
      seconds?: number;
      /** What is left over. */
      milliseconds?: number;
    };

const MILLISECONDS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 } as const;
const PATTERN = /^(\d+):(\d\d):(\d\d):(\d\d)$/;

/**
 * A duration in milliseconds.
 *
 * @param option what it was given for, for the message
 * @throws ConfigurationError for anything else, and for negative times
 */
export function milliseconds(duration: unknown, option: string): number {
  if (typeof duration === 'number' && duration >= 0) return duration;
  if (typeof duration === 'string') {
    const [, days, hours, minutes, seconds] = (PATTERN.exec(duration) ?? []).map(Number);
    if (days !== undefined) return sum({ days, hours, minutes, seconds }, option, duration);
  }
  if (typeof duration === 'object' && duration !== null) return sum(duration, option, duration);
  throw noDuration(option, duration);
}

function sum(parts: object, option: string, given: unknown): number {
  let total = 0;
  for (const [unit, amount] of Object.entries(parts)) {
    if (!(unit in MILLISECONDS) || typeof amount !== 'number' || !(amount >= 0)) throw noDuration(option, given);
    total += amount * MILLISECONDS[unit as keyof typeof MILLISECONDS];
  }
  return total;
}

function noDuration(option: string, received: unknown): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`${option} is no time.`, {
      expected: "'DD:HH:MM:SS' (two digits each, but for the days), { hours: 1, minutes: 30 }, or milliseconds",
      received: describe(received),
      hint: `e.g. ${option}: '00:01:30:00' for an hour and a half`,
    }),
  );
}
