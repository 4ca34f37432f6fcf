import { describe, expect, it } from 'vitest';
import { start, weights, finished, uninterrupted } from './support.js';

describe('going back', () => {
  it('replays the same bits, callbacks included, from any step', async () => {
    for (const back of [1, 2, 5]) {
      const { run, counter } = start();
      await run.step(7);
      const there = weights(run);
      await run.rewind(back);
      expect(run.position).toMatchObject({ hook: 'onTrainBatchStart', globalStep: 7 - back });
      expect(counter.batches).toBe(7 - back);
      await run.step(back);
      expect(weights(run)).toEqual(there);
      expect(await finished(run)).toEqual(uninterrupted);
    }
  });

  it("finds a step or an epoch's beginning, and reaches what was thinned out by going forward", async () => {
    const { run } = start({ history: { limitBytes: 1500 } });
    await run.step(8);
    expect(run.history.bytes).toBeLessThanOrEqual(1500);
    const { from } = run.history;
    expect((await run.rewind({ step: Math.max(from, 5) })).globalStep).toBe(Math.max(from, 5));
    expect(await finished(run)).toEqual(uninterrupted);
    const whole = start().run;
    await whole.step(8);
    expect(await whole.rewind({ epoch: 1 })).toMatchObject({ epoch: 1, batchIdx: 0, globalStep: 3 });
    expect(await finished(whole)).toEqual(uninterrupted);
  });

  it('says what is kept when the history does not reach', async () => {
    const { run } = start({ history: { limitBytes: 0 } });
    await run.step(3);
    await expect(run.rewind(2)).rejects.toThrow(/remembers: nothing[^]*limitBytes/);
  });

  it('returns to a snapshot taken at any hook, between forward and backward too', async () => {
    const { run } = start();
    await run.until('onBeforeBackward', ({ position }) => position.globalStep === 4);
    const snapshot = run.snapshot();
    await run.step(3);
    await run.restore(snapshot);
    expect(run.position).toMatchObject({ hook: 'onBeforeBackward', globalStep: 4 });
    expect(await finished(run)).toEqual(uninterrupted);
    snapshot.dispose();
  });
});
