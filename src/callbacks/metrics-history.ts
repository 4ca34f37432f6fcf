import { z } from 'zod';
import { Table } from '../display/tables/table.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Stage } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Which rows to keep: of epochs, of the steps at which logs are due, or both. */
  interval: z.enum(['step', 'epoch', 'both']).default('epoch'),
});

/** What MetricsHistory takes. @interface */
export type MetricsHistoryOptions = z.input<typeof schema>;

/** What the metrics were at one moment. */
export interface MetricsRow {
  /** What was going on. */
  readonly stage: Stage;
  /** Whether it stands for a step or for an epoch. */
  readonly interval: 'step' | 'epoch';
  /** Index of the epoch, from 0. */
  readonly epoch: number;
  /** Optimizer steps done. */
  readonly step: number;
  /** Values by name. */
  readonly metrics: Readonly<Metrics>;
}

/**
 * Keeps the metrics of a run: one row for each epoch (all that can be monitored at its end), and for each logged step
 * (what the step has logged). Rows are part of checkpoints, and are taken back when a run is rewound. A fit that begins anew
 * begins with none.
 */
export class MetricsHistory extends Callback {
  readonly #interval: 'step' | 'epoch' | 'both';
  #rows: MetricsRow[] = [];

  constructor(options: MetricsHistoryOptions = {}) {
    super();
    this.#interval = checkOptions('MetricsHistory', schema, options).interval;
  }

  /** After the module, so that it sees what the module logs at an epoch's end. */
  override get kind(): CallbackKind {
    return 'monitor';
  }

  /** What was kept, oldest first. */
  get rows(): readonly MetricsRow[] {
    return this.#rows;
  }

  /** The values of one metric, in order. */
  values(name: string): number[] {
    return this.#rows.flatMap(({ metrics }) => metrics[name] ?? []);
  }

  /** All rows as a table: `display(history.table())`, or `toText()`, `toMarkdown()`, `toHtml()`. */
  table(): Table {
    const names = [...new Set(this.#rows.flatMap(({ metrics }) => Object.keys(metrics)))];
    const several = new Set(this.#rows.map(({ stage }) => stage)).size > 1;
    return new Table({
      columns: [...(several ? ['stage'] : []), 'epoch', 'step', ...names],
      rows: this.#rows.map(({ stage, epoch, step, metrics }) => [
        ...(several ? [stage] : []),
        epoch,
        step,
        ...names.map((name) => metrics[name]),
      ]),
    });
  }

  /** A fit that goes on from where its trainer stands adds to the rows; what belongs to one that is resumed is loaded after this. */
  override setup({ progress }: Trainer, _module: Module, stage: Stage): void {
    if (stage === 'fit' && progress.totalBatches === 0) this.#rows = [];
  }

  override onTrainBatchEnd(trainer: Trainer): void {
    if (this.#interval !== 'epoch' && trainer.logsAreDue) this.#keep(trainer, 'step', trainer.currentMetrics);
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    if (this.#interval !== 'step' && trainer.status === 'running')
      this.#keep(trainer, 'epoch', trainer.callbackMetrics);
  }

  override onValidationEnd(trainer: Trainer): void {
    if (trainer.stage === 'validate' && trainer.status === 'running')
      this.#keep(trainer, 'epoch', trainer.callbackMetrics);
  }

  override onTestEnd(trainer: Trainer): void {
    if (trainer.status === 'running') this.#keep(trainer, 'epoch', trainer.callbackMetrics);
  }

  override stateDict(): { rows: MetricsRow[] } {
    return { rows: [...this.#rows] };
  }

  override loadStateDict({ rows }: { rows: MetricsRow[] }): void {
    this.#rows = [...rows];
  }

  #keep({ stage = 'fit', currentEpoch, globalStep }: Trainer, interval: 'step' | 'epoch', metrics: Metrics): void {
    if (Object.keys(metrics).length === 0) return;
    this.#rows.push({ stage, interval, epoch: currentEpoch, step: globalStep, metrics });
  }
}
