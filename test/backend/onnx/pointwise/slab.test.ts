import { describe, expect, it } from 'vitest';
import { Slab } from '../../../../src/backend/onnx/pointwise/slab.js';

const slabOf = (numbers: number) => new Slab(new ArrayBuffer(4 * (16 + numbers)), 16, 16 + numbers);

describe('a slab', () => {
  it('gives arrays that do not meet, nor their last vectors of four', () => {
    const slab = slabOf(64);
    const arrays = [5, 1, 8, 3].map((size) => slab.take(size) as Float32Array);
    arrays.forEach((array, i) => array.fill(i));
    expect(arrays.map((array) => [...new Set(array)])).toEqual([[0], [1], [2], [3]]);
    const starts = arrays.map(({ byteOffset }) => byteOffset / 16);
    expect(starts).toEqual([4, 6, 7, 9]);
    expect(Slab.of(arrays[0]!)).toBe(slab);
    expect(Slab.of(new Float32Array(1))).toBeUndefined();
  });

  it('gives the same arrays again, none when it is full, and is divided anew when all are back', () => {
    const slab = slabOf(32);
    const [a, b] = [slab.take(16)!, slab.take(16)!];
    expect(slab.take(4)).toBeUndefined();
    slab.give(b);
    expect(slab.take(16)).toBe(b);
    expect(slab.take(16)).toBeUndefined();
    slab.give(a);
    slab.give(b);
    expect(slab.take(32)?.length).toBe(32);
  });
});
