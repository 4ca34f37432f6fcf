import { z } from 'zod';
import { htmlTable, plainTable, type TextTable } from '../display/table.js';
import type { Metrics } from '../module/metrics.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Stage } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Which rows to keep: of the steps at which logs are due, of epochs, or both. */
  interval: z.enum(['step', 'epoch', 'both']).default('epoch'),
});

export type MetricsHistoryOptions = z.input<typeof schema>;

/** What the metrics were at one moment. */
export interface MetricsRow {
  readonly stage: Stage;
  readonly interval: 'step' | 'epoch';
  readonly epoch: number;
  /** Optimizer steps done. */
  readonly step: number;
  readonly metrics: Readonly<Metrics>;
}

/**
 * Keeps the metrics of a run: one row for each epoch (all that can be monitored at its end), and for each logged step
 * (what the step has logged). Rows are part of checkpoints, and are taken back when a run is rewound.
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

  get rows(): readonly MetricsRow[] {
    return this.#rows;
  }

  /** The values of one metric, in order. */
  values(name: string): number[] {
    return this.#rows.flatMap(({ metrics }) => metrics[name] ?? []);
  }

  /** All rows as a table that shows itself: `String(table)`, or as HTML in a notebook. */
  table(): MetricsTable {
    return new MetricsTable(this.#rows);
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

/** Rows of metrics, one column for each name. */
export class MetricsTable {
  readonly #table: TextTable;

  constructor(rows: readonly MetricsRow[]) {
    const names = [...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))];
    const stages = new Set(rows.map(({ stage }) => stage)).size > 1;
    const header = [...(stages ? ['stage'] : []), 'epoch', 'step', ...names];
    this.#table = {
      header,
      rows: rows.map(({ stage, epoch, step, metrics }) => [
        ...(stages ? [stage] : []),
        String(epoch),
        String(step),
        ...names.map((name) => brief(metrics[name])),
      ]),
      numeric: header.map((title) => title !== 'stage'),
    };
  }

  toString(): string {
    return plainTable(this.#table);
  }

  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString(), 'text/html': htmlTable(this.#table) };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function brief(value: number | undefined): string {
  if (value === undefined) return '';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}
