import { tidyExponent } from '../short-number.js';
import type { Axis } from './spec.js';

export interface Tick {
  value: number;
  text: string;
}

/** Where values lie along an axis, from 0 to 1, and the values to name on it. */
export interface Scale {
  /** NaN for what has no place on it. */
  at(value: number): number;
  ticks: Tick[];
  from: number;
  to: number;
}

/**
 * @param values everything that must have its place; what is not finite is passed over
 * @param count about how many ticks
 */
export function scaleFor(axis: Axis, values: Iterable<number>, count: number): Scale {
  const log = axis.scale === 'log';
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (axis.categories) return categories(axis.categories, count);
  if (low > high) [low, high] = log ? [0.1, 1] : [0, 1];
  return log ? logScale(low, high, count) : linearScale(low, high, count, axis.integer ?? false);
}

function linearScale(low: number, high: number, count: number, integer: boolean): Scale {
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    [low, high] = integer ? [low, low + 1] : [low - room, high + room];
  }
  // Half the difference: the whole one may be beyond the largest number.
  const step = niceStep((high / 2 - low / 2) / (count / 2), integer);
  const ticks: Tick[] = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Between neighbours among the largest numbers there is nothing to count.
  if (Number.isFinite(step) && Number.isSafeInteger(first) && Number.isSafeInteger(last) && last - first < 100) {
    for (let i = first; i <= last; i++) ticks.push({ value: i * step, text: numberText(i * step, step) });
  }
  const span = high / 2 - low / 2;
  return { at: (value) => (span > 0 ? (value / 2 - low / 2) / span : 0.5), ticks, from: low, to: high };
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(raw: number, integer: boolean): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((f) => f * power >= raw * 0.7) ?? 10;
  return integer ? Math.max(1, Math.round(factor * power)) : factor * power;
}

function logScale(low: number, high: number, count: number): Scale {
  if (low === high) [low, high] = [low / 2, high * 2];
  // The ends of what numbers there are have no halves and doubles.
  [low, high] = [Math.max(low, Number.MIN_VALUE), Math.min(high, Number.MAX_VALUE)];
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const decades = to - from;
  const every = Math.max(1, Math.ceil(decades / count));
  const factors = decades <= 1.2 ? [1, 2, 3, 5] : decades <= 3 ? [1, 2, 5] : [1];
  const ticks: Tick[] = [];
  for (let power = Math.floor(from); power <= Math.ceil(to); power++) {
    if (power % every !== 0) continue;
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value > 0 && value < Infinity && value >= low * 0.9999 && value <= high * 1.0001)
        ticks.push({ value, text: logText(factor, power) });
    }
  }
  const at = (value: number) => (value > 0 ? (Math.log10(value) - from) / (decades || 1) : NaN);
  return { at, ticks, from: low, to: high };
}

function categories(names: readonly string[], count: number): Scale {
  const size = Math.max(1, names.length);
  const every = Math.ceil(size / Math.max(1, count));
  const ticks = names.flatMap((text, value) => (value % every === 0 ? [{ value, text }] : []));
  return { at: (value) => (value + 0.5) / size, ticks, from: -0.5, to: size - 0.5 };
}

/** As many decimals as the step between ticks needs. */
function numberText(value: number, step: number): string {
  if (Math.abs(value) < step / 1e6) return '0';
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return tidyExponent(value.toPrecision(3));
  if (size >= 1e4)
    return Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 }).format(value);
  return value.toFixed(Math.min(10, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))));
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function logText(factor: number, power: number): string {
  if (power >= -2 && power <= 3) return String(Number((factor * 10 ** power).toPrecision(2)));
  const raised = String(power).replace(/./g, (c) => (c === '-' ? '⁻' : SUPERSCRIPTS.charAt(Number(c))));
  return factor === 1 ? `10${raised}` : `${factor}·10${raised}`;
}
