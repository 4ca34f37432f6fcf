import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metrics } from '../module/metrics.js';
import { checkOptions, COUNT, TEXT } from '../options.js';
import { LogFolder, type FolderOptions } from './folder.js';
import { toYaml } from './hparams.js';
import type { Logger } from './logger.js';
import { FOLDER } from './options.js';

export interface CSVLoggerOptions extends FolderOptions {
  /** Put before every metric's name, with a dash. */
  prefix?: string;
  /** Rows are kept in memory until metrics were logged this many times. Default 100. */
  flushLogsEveryNSteps?: number;
}

type Row = Metrics & { step: number };

/** Writes metrics to `metrics.csv` and hyper-parameters to `hparams.yaml` in `<saveDir>/<name>/version_N/`. */
export class CSVLogger implements Logger {
  readonly groupSeparator = '/';
  readonly #options: CSVLoggerOptions;
  readonly #folder: LogFolder;
  #rows: Row[] = [];
  #unwritten = 0;
  /** The rows in the file that are final, and its columns. Zero rows: the file has to be written anew. */
  #file: { rows: number; header: string[] } = { rows: 0, header: [] };
  #opened = false;
  #hparams: Record<string, unknown> = {};

  /** @throws ConfigurationError for an option that is wrong or unknown */
  constructor(options: CSVLoggerOptions = {}) {
    checkOptions('new CSVLogger', options, { ...FOLDER, prefix: TEXT, flushLogsEveryNSteps: COUNT });
    this.#options = options;
    this.#folder = new LogFolder(options);
  }

  get name(): string {
    return this.#folder.name;
  }

  /** Chosen when it is first asked for. */
  get version(): string | number {
    return this.#folder.version;
  }

  get saveDir(): string {
    return this.#folder.saveDir;
  }

  get prefix(): string {
    return this.#options.prefix ?? '';
  }

  get logDir(): string {
    return this.#folder.path;
  }

  /** The rows there are, one for each step. */
  get experiment(): readonly Metrics[] {
    return this.#rows;
  }

  /** Metrics of one step make one row, whoever logs them. */
  async logMetrics(metrics: Metrics, step: number): Promise<void> {
    const { prefix, flushLogsEveryNSteps = 100 } = this.#options;
    const values = Object.fromEntries(
      Object.entries(metrics).map(([key, value]) => [prefix ? `${prefix}-${key}` : key, value] as const),
    );
    const last = this.#rows.at(-1);
    if (last?.step === step) {
      Object.assign(last, values);
      if (this.#file.rows === this.#rows.length) this.#file.rows = 0;
    } else this.#rows.push({ ...values, step });
    this.#unwritten += 1;
    if (this.#unwritten >= flushLogsEveryNSteps) await this.save();
  }

  async logHyperparams(hparams: Record<string, unknown>): Promise<void> {
    if (Object.keys(hparams).length === 0) return;
    Object.assign(this.#hparams, hparams);
    await writeFile(join(this.logDir, 'hparams.yaml'), toYaml(this.#hparams));
  }

  /** Appends what is new. The header is the sorted union of all metrics: a new one has the whole file written anew. */
  async save(): Promise<void> {
    if (this.#unwritten === 0) return;
    const path = join(this.logDir, 'metrics.csv');
    if (!this.#opened) putAside(path);
    this.#opened = true;
    const { rows: written, header: before } = this.#file;
    const fresh = this.#rows.slice(written);
    const header = [...new Set([...(written > 0 ? before : []), ...fresh.flatMap((row) => Object.keys(row))])].sort();
    if (written > 0 && header.length === before.length) await appendFile(path, lines(fresh, header));
    else await writeFile(path, `${header.map(quoted).join(',')}\n${lines(this.#rows, header)}`);
    this.#file = { rows: this.#rows.length, header };
    this.#unwritten = 0;
  }

  async finalize(): Promise<void> {
    await this.save();
  }

  /** In another folder, with the rows and hyper-parameters there are so far. */
  fork(): CSVLogger {
    const { version: _taken, ...options } = this.#options;
    const copy = new CSVLogger(options);
    copy.#rows = this.#rows.map((row) => ({ ...row }));
    copy.#unwritten = copy.#rows.length;
    copy.#hparams = { ...this.#hparams };
    if (Object.keys(copy.#hparams).length > 0) writeFileSync(join(copy.logDir, 'hparams.yaml'), toYaml(copy.#hparams));
    return copy;
  }

  /** How many rows there are, and the last one: later metrics of its step are still added to it. */
  stateDict(): { rows: number; last: (Metrics & { step: number }) | undefined } {
    const last = this.#rows.at(-1);
    return { rows: this.#rows.length, last: last && { ...last } };
  }

  /** Goes back to the rows there were. A new logger, which has none of them, begins after them. */
  loadStateDict({ rows, last }: { rows: number; last: (Metrics & { step: number }) | undefined }): void {
    if (rows > this.#rows.length) return;
    this.#rows.length = rows;
    if (last) this.#rows[rows - 1] = { ...last };
    // Written anew even if nothing follows.
    this.#file.rows = 0;
    this.#unwritten = Math.max(1, this.#unwritten);
  }
}

function lines(rows: Row[], header: string[]): string {
  return rows.map((row) => `${header.map((key) => (key in row ? String(row[key]) : '')).join(',')}\n`).join('');
}

/** As RFC 4180 has it. */
function quoted(key: string): string {
  return /[",\n\r]/.test(key) ? `"${key.replaceAll('"', '""')}"` : key;
}

/** An earlier run's rows in a version that was asked for by name are kept, under a name of their own. */
function putAside(path: string): void {
  if (!existsSync(path)) return;
  let n = 1;
  while (existsSync(path.replace(/\.csv$/, `-${n}.csv`))) n += 1;
  renameSync(path, path.replace(/\.csv$/, `-${n}.csv`));
}
