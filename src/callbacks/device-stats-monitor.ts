import { z } from 'zod';
import { engineSettings } from '../backend/index.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { HookName, Stage } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { MachineProbe } from './devices/machine.js';
import { nvidiaStats } from './devices/nvidia.js';
import { needsLogger } from './needs-logger.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Processor and memory of machine and process: the rows marked _cpu_. Default: unless a GPU computes. */
  cpuStats: z.boolean().optional(),
  /** NVIDIA GPUs, where `nvidia-smi` works. */
  gpuStats: z.boolean().default(true),
  /** Only these statistics; a name that is not there gives one warning. Default: all. */
  filterKeys: z.union([z.array(z.string()), z.set(z.string())], { error: 'a list or a set of names' }).optional(),
});

export type DeviceStatsMonitorOptions = z.input<typeof schema>;

/** `nvidia-smi` takes a while: its answer counts for this long. */
const GPU_INTERVAL = 1000;

/**
 * Logs what the machine is doing, before and after batches for which logs are due, as
 * `DeviceStatsMonitor.<hook>/<statistic>`. The statistics are listed in docs/callbacks/device-stats-monitor.md.
 */
export class DeviceStatsMonitor extends Callback {
  readonly #options: z.output<typeof schema>;
  readonly #machine = new MachineProbe();
  #gpu: { stats: Metrics | undefined; at: number } | undefined;
  #warned = false;

  constructor(options: DeviceStatsMonitorOptions = {}) {
    super();
    this.#options = checkOptions('DeviceStatsMonitor', schema, options);
  }

  override setup(trainer: Trainer, _module: Module, stage: Stage): void {
    if (stage === 'fit') needsLogger('DeviceStatsMonitor', trainer);
    this.#machine.start();
  }

  override teardown(): void {
    this.#machine.stop();
  }

  override async onTrainBatchStart(trainer: Trainer): Promise<void> {
    await this.#log(trainer, 'onTrainBatchStart');
  }

  override async onTrainBatchEnd(trainer: Trainer): Promise<void> {
    await this.#log(trainer, 'onTrainBatchEnd');
  }

  override async onValidationBatchStart(trainer: Trainer): Promise<void> {
    await this.#log(trainer, 'onValidationBatchStart');
  }

  override async onValidationBatchEnd(trainer: Trainer): Promise<void> {
    await this.#log(trainer, 'onValidationBatchEnd');
  }

  override async onTestBatchStart(trainer: Trainer): Promise<void> {
    await this.#log(trainer, 'onTestBatchStart');
  }

  override async onTestBatchEnd(trainer: Trainer): Promise<void> {
    await this.#log(trainer, 'onTestBatchEnd');
  }

  async #log(trainer: Trainer, hook: HookName): Promise<void> {
    if (trainer.loggers.length === 0 || trainer.sanityChecking || !trainer.logsAreDue) return;
    const stats = this.#filter(trainer, await this.#stats());
    const named = Object.entries(stats).map(([name, value]) => [`DeviceStatsMonitor.${hook}/${name}`, value] as const);
    await trainer.logMetrics(Object.fromEntries(named));
  }

  async #stats(): Promise<Metrics> {
    const { cpuStats = engineSettings()?.name !== 'gpu', gpuStats } = this.#options;
    const gpu = gpuStats ? await this.#gpuStats() : {};
    return { ...(cpuStats ? this.#machine.cpu() : {}), ...this.#machine.process(), ...gpu };
  }

  async #gpuStats(): Promise<Metrics> {
    const now = performance.now();
    // Where there is no GPU there will be none later.
    const stale = !this.#gpu || (this.#gpu.stats !== undefined && now - this.#gpu.at >= GPU_INTERVAL);
    if (stale) this.#gpu = { stats: await nvidiaStats(), at: now };
    return this.#gpu?.stats ?? {};
  }

  #filter(trainer: Trainer, stats: Metrics): Metrics {
    const { filterKeys } = this.#options;
    if (!filterKeys) return stats;
    const wanted = new Set(filterKeys);
    const unknown = [...wanted].filter((key) => !(key in stats));
    if (unknown.length > 0 && !this.#warned) {
      this.#warned = true;
      trainer.warn(
        `DeviceStatsMonitor: there are no statistics called ${unknown.join(', ')}; there are: ${Object.keys(stats).join(', ')}.`,
      );
    }
    return Object.fromEntries(Object.entries(stats).filter(([key]) => wanted.has(key)));
  }
}
