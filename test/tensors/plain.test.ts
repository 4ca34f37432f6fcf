import { describe, expect, it } from 'vitest';
import { clonePlain, copyIfPlain, isPlainData, NOT_PLAIN, plainFields } from '../../src/tensors/plain.js';

const loop: Record<string, unknown> = { x: 1 };
loop['self'] = { list: [loop] };

describe('plain data', () => {
  it('may be met twice, but may not hold itself', () => {
    const point = { x: 1 };
    expect(isPlainData([point, { point }])).toBe(true);
    expect(copyIfPlain([point, { point }])).toEqual([{ x: 1 }, { point: { x: 1 } }]);
    for (const value of [loop, [loop], new Map([[1, loop]]), new Set([loop])]) {
      expect(isPlainData(value)).toBe(false);
      expect(copyIfPlain(value)).toBe(NOT_PLAIN);
    }
  });

  it('is what is copied of an object; what holds itself stays as it is', () => {
    expect(plainFields({ a: [1], loop })).toEqual({ a: [1] });
    const copy = clonePlain({ loop });
    expect(copy.loop).not.toBe(loop);
    expect(copy.loop['self']).toEqual({ list: [loop] });
  });
});
