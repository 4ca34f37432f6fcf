import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metrics } from '../module/metrics.js';
import type { Logger } from './logger.js';

export interface CSVLoggerOptions {
  /** Folder of all experiments. Default: the working directory. */
  saveDir?: string;
  /** Folder below it. Default `lightning_logs`. */
  name?: string;
  /** Folder below that: a number N gives `version_N`. Default: the next number that is free. */
  version?: string | number;
  /** Put before every metric's name, with a dash. */
  prefix?: string;
  /** Rows are kept in memory until there are this many. Default 100. */
  flushLogsEveryNSteps?: number;
}

type Row = Metrics & { step: number };

/** Writes metrics to `metrics.csv` and hyper-parameters to `hparams.yaml` in `<saveDir>/<name>/version_N/`. */
export class CSVLogger implements Logger {
  readonly name: string;
  readonly #options: CSVLoggerOptions;
  #version: string | number | undefined;
  #rows: Row[] = [];
  #unwritten = 0;
  #hparams: Record<string, unknown> = {};

  constructor(options: CSVLoggerOptions = {}) {
    this.#options = options;
    this.name = options.name ?? 'lightning_logs';
    this.#version = options.version;
  }

  /** Chosen when it is first asked for. */
  get version(): string | number {
    return (this.#version ??= nextVersion(this.#root));
  }

  get logDir(): string {
    const { version } = this;
    const folder = join(this.#root, typeof version === 'number' ? `version_${version}` : version);
    // Another logger that looks for a free number must see that this one is taken.
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  get #root(): string {
    return join(this.#options.saveDir ?? process.cwd(), this.name);
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
    await writeFile(join(this.logDir, 'hparams.yaml'), yaml(this.#hparams));
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

function nextVersion(root: string): number {
  if (!existsSync(root)) return 0;
  const taken = readdirSync(root).flatMap((name) => /^version_(\d+)$/.exec(name)?.[1] ?? []);
  return Math.max(-1, ...taken.map(Number)) + 1;
}

/** JSON is YAML: strings are quoted, lists and records are in flow style. */
function yaml(record: Record<string, unknown>): string {
  return Object.entries(record)
    .map(([key, value]) => `${key}: ${JSON.stringify(value) ?? 'null'}\n`)
    .join('');
}
