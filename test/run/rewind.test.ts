import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Adam, CSVLogger, ModelCheckpoint, Trainer, type Run } from 'strobe';
import { finished, Net, quiet, start, uninterrupted, weights, x, y } from './support.js';

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

  it('goes to the beginning of the batch that a step was taken in, where several optimizers take several', async () => {
    class Two extends Net {
      override automaticOptimization = false;
      override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
        const loss = super.trainingStep([x, y]);
        this.manualBackward(loss);
        for (const optimizer of [this.optimizers()].flat()) optimizer.step();
        for (const optimizer of [this.optimizers()].flat()) optimizer.zeroGrad();
        return loss;
      }
      override configureOptimizers() {
        const all = this.parameters();
        return [all.slice(0, 2), all.slice(2)].map((params) => new Adam(params)) as never;
      }
    }
    const batches = Array.from({ length: 20 }, () => [x, y]);
    const run = new Trainer({ ...quiet, maxEpochs: 1, seed: 2 }).run(new Two(), batches);
    await run.until('onFitEnd');
    const there = weights(run);
    for (const [step, batchIdx] of [
      [39, 19],
      [38, 19],
      [31, 15],
      [3, 1],
    ] as const) {
      expect(await run.rewind({ step })).toMatchObject({
        hook: 'onTrainBatchStart',
        batchIdx,
        globalStep: 2 * batchIdx,
      });
      await run.until('onFitEnd');
      expect(weights(run)).toEqual(there);
    }
    await run.stop();
  });

  it('comes back to the same point as often as it is asked to', async () => {
    const { run } = start();
    await run.step(5);
    for (const lr of [0.5, 0.2, 0.05]) {
      expect(await run.rewind({ epoch: 0 })).toMatchObject({ hook: 'onTrainBatchStart', globalStep: 0 });
      expect(run.history).toMatchObject({ from: 0, to: 0 });
      for (const optimizer of run.trainer.optimizers) optimizer.lr = lr;
      await run.step(2);
    }
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('goes back on the way that a restored snapshot came, not on another one', async () => {
    const { run } = start();
    await run.step(6);
    const ahead = run.snapshot();
    await run.rewind({ step: 2 });
    for (const optimizer of run.trainer.optimizers) optimizer.lr = 0.5;
    await run.step(3);
    await run.restore(ahead);
    expect(run.history.to).toBe(2);
    await run.rewind({ step: 5 });
    expect(await finished(run)).toEqual(uninterrupted);
    ahead.dispose();
  });

  it('lets go of what it remembers when the run ends: stopped, and taken over by another run, too', async () => {
    for (const end of [
      (run: Run) => run.stop(),
      (run: Run) => run.trainer.fit(run.module, []).catch(() => undefined),
      (run: Run) => run.finish(),
    ]) {
      const { run } = start();
      await run.step(4);
      expect(run.history.bytes).toBeGreaterThan(0);
      await end(run);
      expect(run.status).not.toBe('paused');
      expect(run.history).toMatchObject({ from: -1, bytes: 0 });
    }
  });

  it('says what is kept when the history does not reach', async () => {
    const { run } = start({ history: { limitBytes: 0 } });
    await run.step(3);
    await expect(run.rewind(2)).rejects.toThrow(/remembers: nothing[^]*limitBytes/);
  });

  it('finds the batch that a step begins with when several make one, remembered or not', async () => {
    for (const limitBytes of [2 ** 20, 1500]) {
      const { run } = start({ history: { limitBytes } });
      run.trainer.limits.accumulateGradBatches = 3;
      await run.epoch(2);
      expect(await run.rewind({ step: 1 })).toMatchObject({ hook: 'onTrainBatchStart', epoch: 1, batchIdx: 0 });
      expect(await run.rewind({ step: 0 })).toMatchObject({ hook: 'onTrainBatchStart', epoch: 0, batchIdx: 0 });
    }
  });

  it('refuses what is no way back, and stays where it is', async () => {
    const { run } = start();
    await run.step(4);
    const position = run.position;
    const ways = [
      NaN,
      -1,
      0.5,
      '2',
      null,
      undefined,
      {},
      { step: 5 },
      { step: NaN },
      { epoch: 2 },
      { step: 1, epoch: 0 },
    ];
    for (const to of ways) {
      await expect(run.rewind(to as number), JSON.stringify(to)).rejects.toThrow(
        /no way back[^]*\{ step \} from 0 to 4, or \{ epoch \} from 0 to 1/,
      );
    }
    expect(run.position).toEqual(position);
  });

  it('returns to before the first hook, as if nothing had been', async () => {
    const { run } = start();
    const fresh = run.snapshot();
    await run.step(4);
    await run.restore(fresh);
    expect(run.trainer.optimizers).toEqual([]);
    await run.next();
    expect(run.position).toMatchObject({ hook: 'setup', globalStep: 0 });
    expect(await finished(run)).toEqual(uninterrupted);
    fresh.dispose();
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

  it('takes rows of loggers back, and what callbacks know of files; the files stay', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-rewind-'));
    try {
      const { run } = start();
      const logger = new CSVLogger({ saveDir: folder, flushLogsEveryNSteps: 1 });
      run.trainer.loggers.push(logger);
      run.trainer.options.logEveryNSteps = 1;
      const dirpath = join(folder, 'checkpoints');
      const checkpoint = run.callbacks.add(
        new ModelCheckpoint({ dirpath, filename: '{step}', everyNTrainSteps: 1, saveTopK: -1 }),
      );
      await run.until('onTrainBatchStart', ({ position }) => position.globalStep === 2);
      const known = checkpoint.bestModelPath;
      expect(known).toMatch(/step=2\.ckpt$/);
      await run.step(3);
      expect(checkpoint.bestModelPath).not.toBe(known);
      const later = checkpoint.bestModelPath;
      await run.rewind({ step: 2 });
      expect(checkpoint.bestModelPath).toBe(known);
      expect(existsSync(later)).toBe(true);
      await run.finish();
      const rows = (await readFile(join(logger.logDir, 'metrics.csv'), 'utf8')).trim().split('\n');
      const steps = rows.slice(1).map((row) => Number(row.split(',')[rows[0]?.split(',').indexOf('step') ?? 0]));
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(steps.filter((step) => step === 3).length).toBeLessThanOrEqual(2); // The step's own row, and an epoch's.
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
