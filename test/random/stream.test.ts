import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { streamOf, type RandomStream } from '../../src/random/index.js';

const key = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string());
const keys = fc.array(key, { maxLength: 5 });
const draws = (stream: RandomStream, n: number): number[] => Array.from({ length: n }, () => stream.next());

describe('streamOf', () => {
  test('equal keys give the equal sequence', () => {
    fc.assert(
      fc.property(keys, (keys) => {
        expect(draws(streamOf(...keys), 9)).toEqual(draws(streamOf(...keys), 9));
      }),
    );
  });

  test('different keys give different sequences', () => {
    const text = (keys: (number | string)[]) => JSON.stringify(keys.map((key) => (key === 0 ? 0 : key)));
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        fc.pre(text(a) !== text(b));
        expect(draws(streamOf(...a), 2)).not.toEqual(draws(streamOf(...b), 2));
      }),
    );
  });

  test('where one key ends and what it is made of matters', () => {
    const near = [
      ['a', 'b'],
      ['ab'],
      ['a', 'b', ''],
      ['b', 'a'],
      [1],
      ['1'],
      [1, 0],
      [0, 1],
      [],
      [''],
      [0.5],
      ['a\0'],
      ['a'],
    ];
    const firsts = near.map((keys) => streamOf(...keys).next());
    expect(new Set(firsts).size).toBe(near.length);
  });

  test('streams of neighbouring positions are uncorrelated', () => {
    const n = 20_000;
    const here = streamOf(7, 0, 0);
    const next = streamOf(7, 0, 1);
    let product = 0;
    for (let i = 0; i < n; i++) product += (here.next() - 0.5) * (next.next() - 0.5);
    expect(Math.abs((product / n) * 12)).toBeLessThan(4 / Math.sqrt(n));
  });

  test('the first draws of consecutive batches are uniform', () => {
    const bins = Array.from({ length: 16 }, () => 0);
    for (let batch = 0; batch < 16_000; batch++) bins[Math.floor(streamOf(1, 2, batch, 'hook').next() * 16)]! += 1;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 15 degrees of freedom: 37.7 is the 0.1 % tail.
    expect(chiSquare).toBeLessThan(37.7);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined as never, {} as never])('%s is no key', (key) => {
    expect(() => streamOf(1, key)).toThrow(ConfigurationError);
  });
});

describe('RandomStream', () => {
  test('next is in [0, 1) with mean 1/2 and variance 1/12', () => {
    const values = draws(streamOf('next'), 50_000);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(values.some((value) => (value * 2 ** 53) % 2 === 1)).toBe(true);
  });

  test('int(n) stays in [0, n) and reaches every value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (n) => {
        const value = streamOf('range', n).int(n);
        expect(Number.isInteger(value) && value >= 0 && value < n).toBe(true);
      }),
    );
    const stream = streamOf('int');
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i++) counts[stream.int(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  test.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('int(%s) is an error', (n) => {
    expect(() => streamOf(0).int(n)).toThrow(ConfigurationError);
  });

  test('normal has mean 0, variance 1 and the tails of a normal', () => {
    const stream = streamOf('normal');
    const values = Array.from({ length: 50_000 }, () => stream.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
  });

  test('shuffle keeps the elements, in plain and typed arrays alike', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
        const ascending = (a: number, b: number) => a - b;
        const plain = streamOf(seed).shuffle([...values]);
        expect([...plain].sort(ascending)).toEqual([...values].sort(ascending));
        expect([...streamOf(seed).shuffle(Int32Array.from(values))]).toEqual(plain);
      }),
    );
  });

  test('shuffle gives every order equally often', () => {
    const counts = new Map<string, number>();
    const stream = streamOf('orders');
    for (let i = 0; i < 24_000; i++) {
      const order = stream.shuffle(['a', 'b', 'c', 'd']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });
});
