import { existsSync, statSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { OnExceptionCheckpoint } from 'strobe';
import { batches, quietTrainer, scratchFolder, Scripted } from '../support/scripted.js';

const folder = scratchFolder();
afterEach(() => vi.restoreAllMocks());

class Fragile extends Scripted {
  failAt = 3;
  seen: number[] = [];
  override onTrainBatchStart(_batch: unknown, batchIdx: number): void {
    if (batchIdx === this.failAt) throw new RangeError('broken');
    this.seen.push(batchIdx);
  }
}

it('saves a run that fails; the next fit goes on from there, and deletes the file when it ends well', async () => {
  const dirpath = folder();
  const callback = () => new OnExceptionCheckpoint({ dirpath });
  const failing = quietTrainer({ maxEpochs: 1, callbacks: [callback()] });
  await expect(failing.fit(new Fragile(), batches(5))).rejects.toThrow('broken');
  const { ckptPath } = callback();
  expect(ckptPath).toBe(`${dirpath}/on_exception.ckpt`);
  expect(existsSync(ckptPath)).toBe(true);

  const model = Object.assign(new Fragile(), { failAt: -1 });
  const again = quietTrainer({ maxEpochs: 1, callbacks: [callback()] });
  await again.fit(model, batches(5));
  expect(model.seen[0]).toBeGreaterThanOrEqual(3);
  expect(again.globalStep).toBe(5);
  expect(existsSync(ckptPath)).toBe(false);

  const whole = Object.assign(new Fragile(), { failAt: -1 });
  await quietTrainer({ maxEpochs: 1, callbacks: [callback()] }).fit(whole, batches(5));
  expect(model.w.variable.dataSync()).toEqual(whole.w.variable.dataSync());
});

it('saves a run that is interrupted', async () => {
  const dirpath = folder();
  const abort = new AbortController();
  class Interrupting extends Scripted {
    override onTrainBatchEnd(): void {
      abort.abort();
    }
  }
  const trainer = quietTrainer({ maxEpochs: 1, callbacks: [new OnExceptionCheckpoint({ dirpath, filename: 'stop' })] });
  const result = await trainer.fit(new Interrupting(), batches(3), { signal: abort.signal });
  expect(result.outcome).toBe('interrupted');
  expect(existsSync(`${dirpath}/stop.ckpt`)).toBe(true);
});

it("is among the files that ckptPath: 'last' chooses from; without any a fit starts anew", async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const trainer = quietTrainer({ maxEpochs: 1, callbacks: [new OnExceptionCheckpoint({ dirpath: folder() })] });
  await trainer.fit(new Scripted(), batches(2), { ckptPath: 'last' });
  expect(trainer.globalStep).toBe(2);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('starting anew'));
});

it('is not taken for the checkpoint callback', () => {
  const trainer = quietTrainer({ callbacks: [new OnExceptionCheckpoint({ dirpath: folder() })] });
  expect(trainer.checkpointCallback).toBeUndefined();
});

it('needs a folder', () => {
  expect(() => new OnExceptionCheckpoint({} as never)).toThrow('dirpath');
});

it('saves nothing of an evaluation that fails, and keeps what a fit has left', async () => {
  const callback = new OnExceptionCheckpoint({ dirpath: folder() });
  class Untestable extends Fragile {
    override testStep(): void {
      throw new RangeError('not tested');
    }
  }
  const trainer = quietTrainer({ maxEpochs: 1, callbacks: [callback] });
  const model = new Untestable();
  await expect(trainer.test(model, batches(1))).rejects.toThrow('not tested');
  expect(existsSync(callback.ckptPath)).toBe(false);
  await expect(trainer.fit(model, batches(5))).rejects.toThrow('broken');
  const { mtimeMs } = statSync(callback.ckptPath);
  await expect(trainer.test(model, batches(1))).rejects.toThrow('not tested');
  expect(statSync(callback.ckptPath).mtimeMs).toBe(mtimeMs);
});
