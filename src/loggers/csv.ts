import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metrics } from '../module/metrics.js';
import { LogFolder, type FolderOptions } from './folder.js';
import { toYaml } from './hparams.js';
import type { Logger } from './logger.js';

export interface CSVLoggerOptions extends FolderOptions {
  /** Put before every metric's name, with a dash. */
  prefix?: string;
  /** Rows are kept in memory until there are this many. Default 100. */
  flushLogsEveryNSteps?: number;
}

type Row = Metrics & { step: number };

/** Writes metrics to `metrics.csv` and hyper-parameters to `hparams.yaml` in `<saveDir>/<name>/version_N/`. */
export class CSVLogger implements Logger {
  readonly #options: CSVLoggerOptions;
  readonly #folder: LogFolder;
  #rows: Row[] = [];
  #unwritten = 0;
  #hparams: Record<string, unknown> = {};

  constructor(options: CSVLoggerOptions = {}) {
    this.#options = options;
    this.#folder = new LogFolder(options);
  }

  get name(): string {
    return this.#folder.name;
  }

  get version(): string | number {
    return this.#folder.version;
  }

  get saveDir(): string {
    return this.#folder.saveDir;
  }

  get logDir(): string {
    return this.#folder.path;
  }

  /** Metrics of one step make one row, whoever logs them. */
  async logMetrics(metrics: Metrics, step: number): Promise<void> {
    const { prefix, flushLogsEveryNSteps = 100 } = this.#options;
    const entries = Object.entries(metrics).map(([key, value]) => [prefix ? `${prefix}-${key}` : key, value] as const);
    const last = this.#rows.at(-1);
    const values = Object.fromEntries(entries);
    if (last?.step === step) Object.assign(last, values);
    else this.#rows.push({ ...values, step });
    this.#unwritten += 1;
    if (this.#unwritten >= flushLogsEveryNSteps) await this.save();
  }

  async logHyperparams(hparams: Record<string, unknown>): Promise<void> {
    if (Object.keys(hparams).length === 0) return;
    Object.assign(this.#hparams, hparams);
    await mkdir(this.logDir, { recursive: true });
    await writeFile(join(this.logDir, 'hparams.yaml'), toYaml(this.#hparams));
  }

  /** The header is the sorted union of all metrics, so that the whole file is written anew. */
  async save(): Promise<void> {
    if (this.#unwritten === 0) return;
    const header = [...new Set(this.#rows.flatMap((row) => Object.keys(row)))].sort();
    const lines = this.#rows.map((row) => header.map((key) => (key in row ? String(row[key]) : '')).join(','));
    await mkdir(this.logDir, { recursive: true });
    await writeFile(join(this.logDir, 'metrics.csv'), `${[header.join(','), ...lines].join('\n')}\n`);
    this.#unwritten = 0;
  }

  async finalize(): Promise<void> {
    await this.save();
  }

  /** In another folder, with the rows there are so far. */
  fork(): CSVLogger {
    const { version: _taken, ...options } = this.#options;
    const copy = new CSVLogger(options);
    copy.#rows = this.#rows.map((row) => ({ ...row }));
    copy.#unwritten = copy.#rows.length;
    copy.#hparams = { ...this.#hparams };
    return copy;
  }

  /** How many rows there are, and the last one: later metrics of its step are still added to it. */
  stateDict(): { rows: number; last: Row | undefined } {
    const last = this.#rows.at(-1);
    return { rows: this.#rows.length, last: last && { ...last } };
  }

  /** Goes back to the rows there were. A new logger, which has none of them, begins after them. */
  loadStateDict({ rows, last }: { rows: number; last: Row | undefined }): void {
    if (rows > this.#rows.length) return;
    this.#rows.length = rows;
    if (last) this.#rows[rows - 1] = { ...last };
    // Written anew even if nothing follows.
    this.#unwritten = Math.max(1, this.#unwritten);
  }
}
