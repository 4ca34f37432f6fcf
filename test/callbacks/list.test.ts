import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Callback,
  EarlyStopping,
  LearningRateMonitor,
  MetricsHistory,
  ModelCheckpoint,
  StochasticWeightAveraging,
  Timer,
  type Trainer,
} from 'strobe';
import { batches, quietTrainer, scratchFolder, Scripted } from '../support/scripted.js';

const folder = scratchFolder();
beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => {
  vi.spyOn(console, 'warn').mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** Counts batches, by twos or so; several of them have the same key. */
class Counter extends Callback {
  count = 0;
  constructor(readonly by = 1) {
    super();
  }
  override onTrainBatchEnd(): void {
    this.count += this.by;
  }
  override stateDict(): object {
    return { count: this.count };
  }
  override loadStateDict({ count }: { count: number }): void {
    this.count = count;
  }
}

/** One that says which it is. */
class Named extends Counter {
  constructor(
    readonly name: string,
    by?: number,
  ) {
    super(by);
  }
  override get stateKey(): string {
    return `Named.${this.name}`;
  }
}

const model = () => new Scripted({ val: { val_loss: [3, 2, 2.5, 2.6, 2.7, 2.8] }, train: { loss: [1] } });
const data = () => ({ train: batches(2), val: batches(1) });

describe('two callbacks of one class', () => {
  it('go their own ways in one run, and each finds its own state again', async () => {
    const [first, second] = [folder(), folder()];
    const make = () => {
      const callbacks = {
        hasty: new EarlyStopping({ monitor: 'val_loss', patience: 2 }),
        patient: new EarlyStopping({ monitor: 'val_loss', patience: 3 }),
        one: new ModelCheckpoint({ dirpath: first, monitor: 'val_loss' }),
        other: new ModelCheckpoint({ dirpath: second, monitor: 'val_loss', saveTopK: 2 }),
        epochs: new MetricsHistory(),
        steps: new MetricsHistory({ interval: 'step' }),
        slow: new Timer({ duration: { hours: 2 } }),
        slower: new Timer({ duration: { hours: 3 } }),
        single: new Counter(),
        double: new Counter(2),
      };
      const trainer = quietTrainer({ maxEpochs: 9, logEveryNSteps: 1, callbacks: Object.values(callbacks) });
      return { ...callbacks, trainer };
    };
    const whole = make();
    await whole.trainer.fit(model(), data());
    expect([whole.hasty.stoppingReason, whole.patient.stoppingReason]).toEqual(['PATIENCE_EXHAUSTED', 'NOT_STOPPED']);
    expect(Object.keys(whole.one.bestKModels)).toHaveLength(1);
    expect(Object.keys(whole.other.bestKModels)).toHaveLength(2);

    const left = make();
    const run = left.trainer.run(model(), data());
    await run.epoch(3);
    const path = folder('two-of-each.ckpt');
    await run.save(path);
    await run.stop();
    const resumed = make();
    await resumed.trainer.fit(model(), data(), { ckptPath: path });
    const told = ({ hasty, patient, one, other, epochs, steps, single, double }: ReturnType<typeof make>) => ({
      waits: [hasty.waitCount, patient.waitCount],
      best: [one.bestModelScore, other.bestModelScore, Object.values(other.bestKModels)],
      rows: [epochs.values('val_loss'), steps.rows.length],
      counts: [single.count, double.count],
    });
    expect(told(resumed)).toEqual({ ...told(whole), rows: [expect.any(Array), whole.steps.rows.length] });
    expect(whole.double.count).toBe(2 * whole.single.count);
  });

  it('two monitors of learning rates log under their prefixes', async () => {
    const rows: Record<string, number> = {};
    const logger = { logMetrics: (metrics: object) => void Object.assign(rows, metrics) };
    const callbacks = ['a/', 'b/'].map((logKeyPrefix) => new LearningRateMonitor({ logKeyPrefix }));
    await quietTrainer({ maxEpochs: 1, logger, callbacks }).fit(model(), data());
    expect(rows).toMatchObject({ 'a/lr-SGD': 0.1, 'b/lr-SGD': 0.1 });
  });
});

describe('the list of a paused run', () => {
  const keys = (trainer: Trainer) => trainer.callbacks.keyed().map(([key]) => key);

  it('takes callbacks in, out and around; what is saved is the list as it stands', async () => {
    const trainer = quietTrainer({ maxEpochs: 4, callbacks: [new Named('a'), new Named('b')] });
    const run = trainer.run(model(), data());
    await run.step(2);
    const [a, b] = trainer.callbacks as unknown as [Named, Named];
    const c = run.callbacks.add(new Named('c', 10));
    run.callbacks.remove(a);
    run.callbacks.reverse();
    expect(keys(trainer)).toEqual(['Named.c', 'Named.b']);
    // The hook that the run stands at has not been called: the new list is.
    await run.step(2);
    await run.until('onTrainBatchStart');
    expect([a.count, b.count, c.count]).toEqual([1, 4, 40 - 10]);
    const path = folder('changed.ckpt');
    await run.save(path);
    await run.finish();

    // In another process: the list as it was left, in yet another order.
    const again = { b: new Named('b'), c: new Named('c', 10) };
    const resumed = quietTrainer({ maxEpochs: 4, callbacks: Object.values(again) });
    await resumed.fit(model(), data(), { ckptPath: path });
    expect([again.b.count, again.c.count]).toEqual([b.count, c.count]);

    // And the list as it was in the beginning: what is strange to it is told of.
    const former = { a: new Named('a'), b: new Named('b') };
    await quietTrainer({ maxEpochs: 4, callbacks: Object.values(former) }).fit(model(), data(), { ckptPath: path });
    expect(former.b.count).toBe(b.count);
    expect(vi.mocked(console.warn).mock.calls.flat().join()).toMatch(
      /callbacks that this trainer does not have: Named\.c/,
    );
  });

  it('is part of what is gone back to: a callback added later has its state again after a rewind', async () => {
    const run = quietTrainer({ maxEpochs: 6 }).run(model(), data());
    await run.step(2);
    const counter = run.callbacks.add(new Counter());
    await run.step(4);
    const { count } = counter;
    await run.rewind(2);
    // It stands before the batch after the fourth update; the end of that batch had been told when it stood there before.
    expect(counter.count).toBe(count - 1);
    await run.step(2);
    expect(counter.count).toBe(count);
    await run.stop();
  });

  it('may get a checkpoint callback in the middle, which saves from there on, and itself', async () => {
    const dirpath = folder();
    const run = quietTrainer({ maxEpochs: 3, enableCheckpointing: true, callbacks: [new ModelCheckpoint({ dirpath: folder() })] }).run(model(), data()); // prettier-ignore
    await run.epoch(1);
    await run.next();
    const added = run.callbacks.add(new ModelCheckpoint({ dirpath, everyNTrainSteps: 1, saveLast: true }));
    await run.step(2);
    await run.next();
    expect(added.lastModelPath).not.toBe('');
    expect(existsSync(added.lastModelPath)).toBe(true);
    await run.finish();
    expect(run.callbacks.filter((callback) => callback instanceof ModelCheckpoint)).toHaveLength(2);
  });

  it('keeps each callback once, and those in front that change what the others see', () => {
    const trainer = quietTrainer({ callbacks: [new Counter()] });
    const [counter] = trainer.callbacks;
    expect(() => trainer.callbacks.add(counter as Callback)).toThrow(/in the list already/);
    trainer.callbacks.add(new StochasticWeightAveraging({ swaLrs: 0.1 }));
    expect(trainer.callbacks.map(({ kind }) => kind)).toEqual(['tuner', 'plain']);
  });
});
