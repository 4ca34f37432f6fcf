import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LiveCurve } from '../../../repl/store/live-curve.js';

it('keeps everything while there is room', () => {
  const curve = new LiveCurve('loss', 8);
  for (let step = 1; step <= 5; step++) curve.add(step, step / 10);
  expect(curve).toMatchObject({ name: 'loss', x: [1, 2, 3, 4, 5], y: [0.1, 0.2, 0.3, 0.4, 0.5] });
});

it('stays within its limit, in order and evenly spread, however long it is added to', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 64 }), fc.integer({ min: 1, max: 5000 }), (limit, count) => {
      const curve = new LiveCurve('loss', limit);
      for (let step = 0; step < count; step++) curve.add(step, step);
      expect(curve.x.length).toBeLessThanOrEqual(limit);
      const gaps = curve.x.slice(1).map((x, i) => x - (curve.x[i] ?? 0));
      expect(new Set(gaps).size).toBeLessThanOrEqual(1);
      expect(count - (curve.x.at(-1) ?? 0)).toBeLessThanOrEqual(2 * (gaps[0] ?? count));
    }),
  );
});

it('forgets what a run that went back has undone', () => {
  const curve = new LiveCurve('loss');
  for (let step = 1; step <= 9; step++) curve.add(step, step);
  curve.cutAfter(4);
  expect(curve.x).toEqual([1, 2, 3, 4]);
});

it('copies itself for a fork that goes its own way', () => {
  const curve = new LiveCurve('loss', 4);
  for (let step = 1; step <= 3; step++) curve.add(step, step);
  const copy = curve.copy();
  copy.add(4, 4);
  expect(curve.x).toEqual([1, 2, 3]);
  expect(copy.x).toEqual([1, 3]);
});
