import type { ModelCheckpoint } from '../callbacks/model-checkpoint.js';
import type { Metrics } from '../module/metrics.js';

export type RunStatus = 'success' | 'failed' | 'interrupted';

/** Where metrics go. Everything but `logMetrics` is optional. */
export interface Logger {
  /** E.g. the experiment's name; together with the version it makes the folder of its files. */
  readonly name?: string;
  readonly version?: string | number;
  /** Folder that holds everything this logger writes; checkpoints go below it. */
  readonly logDir?: string;
  /** @param step the number of optimizer steps done before the one these metrics belong to. */
  logMetrics(metrics: Metrics, step: number): void | Promise<void>;
  logHyperparams?(hparams: Record<string, unknown>): void | Promise<void>;
  /** A ModelCheckpoint has saved a file: its attributes say which, and how good it is. */
  afterSaveCheckpoint?(checkpoint: ModelCheckpoint): void | Promise<void>;
  /** Writes out what is buffered. */
  save?(): void | Promise<void>;
  /** The run is over. */
  finalize?(status: RunStatus): void | Promise<void>;
  /** Where the logger stands, so that a run that goes back takes its rows back. Taken at every step: keep it small. */
  stateDict?(): unknown;
  /** A logger for a fork of the run, which holds what was logged so far and goes on in a place of its own. */
  fork?(): Logger;
  loadStateDict?(state: never): void;
}
