import fc from 'fast-check';
import type { NumericType } from '../../../src/backend/onnx/values.js';

/** A tensor to be made on each engine. */
export interface Spec {
  shape: number[];
  dtype: NumericType;
  values: number[];
}

/** One call of a kernel: its inputs by name (or in a list) and its attributes. */
export interface Draw {
  inputs: Record<string, Spec> | Spec[];
  attrs: object;
}

export type Values = 'plain' | 'special' | 'positive' | 'unit' | 'ties';

const specials = [Number.NaN, Infinity, -Infinity, -0, 0, 1, -1, 1e-30, -1e30, 2.5, -2.5, 0.5];

/** Values of one kind from a seed: cheap to draw, so that shapes are what shrinks. */
function fill(seed: number, size: number, dtype: NumericType, kind: Values): number[] {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const one = (): number => {
    const r = random();
    if (dtype === 'bool') return r < 0.5 ? 0 : 1;
    if (dtype === 'int32') return Math.floor(r * 11) - 5;
    if (kind === 'special' && random() < 0.3) return specials[Math.floor(r * specials.length)] as number;
    if (kind === 'ties') return Math.floor(r * 4) - 1;
    if (kind === 'positive') return Math.fround(0.1 + 3 * r);
    if (kind === 'unit') return Math.fround(0.98 * (2 * r - 1));
    return Math.fround(8 * (r - 0.5));
  };
  return Array.from({ length: size }, one);
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export function tensor(shape: number[], dtype: NumericType = 'float32', kind: Values = 'plain'): fc.Arbitrary<Spec> {
  return fc.nat().map((seed) => ({ shape, dtype, values: fill(seed, size(shape), dtype, kind) }));
}

/** Whole numbers below a bound. */
export function indices(shape: number[], below: number): fc.Arbitrary<Spec> {
  return fc
    .array(fc.nat(below - 1), { minLength: size(shape), maxLength: size(shape) })
    .map((values) => ({ shape, dtype: 'int32' as const, values }));
}

/** Mostly small shapes of rank 0 to 4; now and then an empty one. */
export const shapes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: 5 }) }, { weight: 1, arbitrary: fc.constant(0) }),
  { maxLength: 4 },
);

export const shapesOfRank = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: min, maxLength: max });

/** Two shapes that broadcast against each other. */
export const broadcasting: fc.Arbitrary<[number[], number[]]> = fc
  .tuple(
    shapes,
    fc.array(fc.constantFrom('same', 'left', 'right'), { minLength: 4, maxLength: 4 }),
    fc.nat(4),
    fc.boolean(),
  )
  .map(([shape, modes, cut, swap]) => {
    const left = shape.map((n, i) => (modes[i] === 'left' ? 1 : n));
    const right = shape.map((n, i) => (modes[i] === 'right' ? 1 : n)).slice(Math.min(cut, shape.length));
    return swap ? [right, left] : [left, right];
  });

export const axesOf = (shape: readonly number[]): fc.Arbitrary<number[]> =>
  shape.length === 0
    ? fc.constant([])
    : fc.uniqueArray(fc.nat(shape.length - 1), { minLength: 1, maxLength: shape.length });

export const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** A draw from named inputs. */
export const call = (inputs: Record<string, fc.Arbitrary<Spec>>, attrs: object = {}): fc.Arbitrary<Draw> =>
  fc.record(inputs).map((drawn) => ({ inputs: drawn, attrs }));

/** A draw from a list of inputs. */
export const callList = (inputs: fc.Arbitrary<Spec>[], attrs: object = {}): fc.Arbitrary<Draw> =>
  fc.tuple(...inputs).map((drawn) => ({ inputs: drawn, attrs }));
