import { afterEach, describe, expect, it, vi } from 'vitest';
import { DeviceStatsMonitor, type DeviceStatsMonitorOptions, type TrainerOptions } from 'strobe';
import { batches, quietTrainer, Scripted } from '../support/scripted.js';

afterEach(() => vi.restoreAllMocks());

async function stats(options: DeviceStatsMonitorOptions, rest: TrainerOptions = {}) {
  const records: Record<string, number> = {};
  const logger = { logMetrics: (metrics: Record<string, number>) => void Object.assign(records, metrics) };
  const callbacks = [new DeviceStatsMonitor({ gpuStats: false, ...options })];
  const trainer = quietTrainer({ maxEpochs: 1, logger, logEveryNSteps: 2, ...rest, callbacks });
  const model = Object.assign(new Scripted(), { testStep: () => undefined });
  await trainer.fit(model, { train: batches(2), val: batches(1) });
  await trainer.test(model, batches(1));
  return records;
}

const hooksOf = (records: object) =>
  [...new Set(Object.keys(records).map((key) => /^DeviceStatsMonitor\.(\w+)\//.exec(key)?.[1]))].filter(Boolean);

describe('a DeviceStatsMonitor', () => {
  it('logs processor, memory, tensors and the event loop around the batches at which logs are due', async () => {
    const records = await stats({}, { logEveryNSteps: 1 });
    expect(hooksOf(records)).toEqual([
      'onTrainBatchStart',
      'onTrainBatchEnd',
      'onValidationBatchStart',
      'onValidationBatchEnd',
      'onTestBatchStart',
      'onTestBatchEnd',
    ]);
    const of = (name: string) => records[`DeviceStatsMonitor.onTestBatchEnd/${name}`] as number;
    expect(of('rss_bytes')).toBeGreaterThan(1e6);
    expect(of('heap_used_bytes')).toBeLessThanOrEqual(of('heap_total_bytes'));
    expect(of('num_tensors')).toBeGreaterThan(0);
    expect(of('tensor_bytes')).toBeGreaterThan(0);
    expect(of('cpu_vm_percent')).toBeGreaterThan(0);
    expect(of('process_cpu_percent')).toBeGreaterThanOrEqual(0);
    for (const [key, value] of Object.entries(records))
      if (key.endsWith('percent') && !key.includes('process')) expect(value).toBeLessThanOrEqual(100);
  });

  it('leaves out the processor, or all but what is asked for, with one warning of what there is not', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const without = await stats({ cpuStats: false });
    expect(Object.keys(without).filter((key) => key.includes('cpu'))).toEqual([]);
    expect(await stats({ filterKeys: new Set(['num_tensors']) })).toHaveProperty(
      ['DeviceStatsMonitor.onTrainBatchEnd/num_tensors'],
      expect.any(Number),
    );
    const some = await stats({ filterKeys: ['rss_bytes', 'moon_phase'] });
    expect(
      Object.keys(some)
        .filter((key) => key.includes('/'))
        .every((key) => key.endsWith('/rss_bytes')),
    ).toBe(true);
    expect(warn.mock.calls.filter(([text]) => String(text).includes('moon_phase'))).toHaveLength(1);
  });

  it('needs a logger', async () => {
    await expect(stats({}, { logger: false })).rejects.toThrow('Cannot use DeviceStatsMonitor');
    await expect(stats({}, { fastDevRun: true })).resolves.toBeDefined();
  });
});
