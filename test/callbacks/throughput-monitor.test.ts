import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Callback, ThroughputMonitor, type ThroughputMonitorOptions, type TrainerOptions } from 'strobe';
import { ThroughputWindow } from '../../src/callbacks/throughput/window.js';
import { batches, oracles, quietTrainer, Scripted } from '../support/scripted.js';

const [fit] = await oracles('throughput');
type Records = [metrics: Record<string, number>, step: number][];

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

class Clock extends Callback {
  override onTrainBatchEnd(): void {
    vi.advanceTimersByTime(1000);
  }
  override onValidationBatchEnd(): void {
    vi.advanceTimersByTime(60_000);
  }
  override onTestBatchEnd(): void {
    vi.advanceTimersByTime(500);
  }
}

function setUp(options: ThroughputMonitorOptions, rest: TrainerOptions = {}) {
  const records: Records = [];
  const logger = { logMetrics: (metrics: Record<string, number>, step: number) => void records.push([metrics, step]) };
  const callbacks = [new Clock(), new ThroughputMonitor(options)];
  const trainer = quietTrainer({ maxEpochs: 1, logger, logEveryNSteps: 1, numSanityValSteps: 0, ...rest, callbacks });
  return { trainer, records };
}

describe('a ThroughputMonitor', () => {
  it('thr.fit', async () => {
    const { given, expect: expected } = fit as NonNullable<typeof fit>;
    const { trainer, records } = setUp({
      windowSize: given['window_size'] as number,
      batchSizeFn: () => given['batch_size'] as number,
      lengthFn: () => given['items_per_batch'] as number,
      flopsPerBatch: given['flops_per_batch'] as number,
      availableFlops: given['available_flops'] as number,
      separator: given['separator'] as string,
    });
    const model = Object.assign(new Scripted(), { onTrainStart: () => void vi.advanceTimersByTime(500) });
    await trainer.fit(model, batches(5));
    const rates = expected['from step 3'] as Record<string, number>;
    expect(records).toHaveLength(5);
    for (const [metrics, step] of records) {
      expect(Object.keys(metrics)).toEqual(expect.arrayContaining(expected['always'] as string[]));
      expect(metrics['train|time']).toBe(step + 1.5);
      if (step < 3) expect(Object.keys(metrics).filter((name) => name in rates)).toEqual([]);
      else expect(metrics).toMatchObject(rates);
    }
    expect(records.at(-1)?.[0]).toMatchObject({ 'train|batches': 5, 'train|samples': 15, 'train|lengths': 30 });
  });

  it('does not count validations as training time', async () => {
    const { trainer, records } = setUp({ windowSize: 2 }, { valCheckInterval: 2 });
    await trainer.fit(new Scripted(), { train: batches(4), val: batches(1) });
    const times = records.flatMap(([metrics]) => metrics['train/time'] ?? []);
    expect(times).toEqual([1, 2, 3, 4]);
    expect(records.flatMap(([metrics]) => metrics['validate/time'] ?? [])).toEqual([60, 60]);
  });

  it('waits for the step that an accumulation window ends with', async () => {
    const { trainer, records } = setUp({ windowSize: 2 }, { accumulateGradBatches: 2 });
    await trainer.fit(new Scripted(), batches(4));
    expect(records.map(([metrics]) => metrics['train/batches'])).toEqual([2, 4]);
  });

  it('waits for it also where windows have become longer', async () => {
    const { trainer, records } = setUp({ windowSize: 2 }, { accumulateGradBatches: 2 });
    class Longer extends Scripted {
      override onTrainBatchStart(_batch: unknown, batchIdx: number): void {
        if (batchIdx === 3) trainer.limits.accumulateGradBatches = 3;
      }
    }
    await trainer.fit(new Longer(), batches(6));
    expect(records.map(([metrics]) => metrics['train/batches'])).toEqual([2, 5, 6]);
  });

  it('measures tests, too, as often as the trainer logs', async () => {
    const { trainer, records } = setUp({ windowSize: 2 }, { logEveryNSteps: 2 });
    await trainer.test(Object.assign(new Scripted(), { testStep: () => undefined }), batches(4));
    expect(records.map(([metrics]) => [metrics['test/time'], metrics['test/device/samples_per_sec']])).toEqual([
      [1, 4],
      [2, 4],
    ]);
  });

  it('refuses counts that are no numbers, and options that make no sense', async () => {
    const { trainer } = setUp({ batchSizeFn: () => NaN });
    await expect(trainer.fit(new Scripted(), batches(1))).rejects.toThrow('batchSizeFn did not give a number');
    expect(() => new ThroughputMonitor({ windowSize: 1 })).toThrow('windowSize');
    expect(() => new ThroughputMonitor({ lengthFn: 3 as never })).toThrow('a function of a batch');
  });
});

it('a window in which no time has passed gives no rates', () => {
  const window = new ThroughputWindow(2);
  expect(window.compute('/')).toEqual({});
  for (const batches of [1, 2])
    window.add({ time: 1, batches, samples: batches, lengths: undefined, flops: undefined });
  expect(window.compute('/')).toEqual({ time: 1, batches: 2, samples: 2 });
});
