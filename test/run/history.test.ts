import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, type Milestone } from '../../src/run/history.js';

/** A history of so many batches whose snapshots weigh one byte each; `disposed` counts those that are gone. */
function record(batches: number, limitBytes: number, first = 0) {
  const history = new History(limitBytes);
  let disposed = 0;
  for (let batch = first; batch < first + batches; batch++) {
    const snapshot = { bytes: 1, dispose: () => void disposed++ } as unknown as Milestone['snapshot'];
    history.add({ batch, step: batch, beginsStep: true, epoch: 0, batchIdx: batch, snapshot });
  }
  /** The latest point not after a batch. */
  const reach = (target: number) => history.before(({ batch }) => batch > target)?.batch;
  return { history, reach, disposed: () => disposed };
}

const anyLength = fc.integer({ min: 1, max: 600 });

describe('the history of a run', () => {
  it('has every batch near, and further back a point at most as far behind it as it is back itself', () => {
    fc.assert(
      fc.property(anyLength, fc.nat(1000), (batches, first) => {
        const { reach } = record(batches, Infinity, first);
        const newest = first + batches - 1;
        for (let target = first; target <= newest; target++) {
          const age = newest - target;
          const point = reach(target) ?? -Infinity;
          if (age < 4) expect(point).toBe(target);
          expect(target - point).toBeLessThanOrEqual(age);
        }
      }),
    );
  });

  it('keeps few points of many batches, the first one always', () => {
    const { history, reach } = record(5000, Infinity);
    expect(history.extent).toMatchObject({ from: 0, to: 4999 });
    expect(history.extent.bytes).toBeLessThan(40);
    expect(reach(0)).toBe(0);
  });

  it('stays within its bound, whose points are disposed when they go', () => {
    fc.assert(
      fc.property(anyLength, fc.integer({ min: 1, max: 12 }), (batches, limit) => {
        const { history, disposed } = record(batches, limit);
        expect(history.extent.bytes).toBeLessThanOrEqual(limit);
        expect(history.extent.to).toBe(batches - 1);
        expect(disposed()).toBe(batches - history.extent.bytes);
        history.clear();
        expect(disposed()).toBe(batches);
      }),
    );
  });

  it('keeps the newest point, however large it is', () => {
    expect(record(3, 0.5).history.extent).toMatchObject({ from: 2, to: 2, bytes: 1 });
  });
});
