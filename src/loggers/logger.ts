import type { ModelCheckpoint } from '../callbacks/model-checkpoint.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';

/** How the fit that is over has ended, as loggers are told. */
export type FinalStatus = 'success' | 'failed' | 'interrupted';

/**
 * Where metrics go. Everything but `logMetrics` is optional. A method that throws fails the run, with an error that names
 * the logger and the method; the other loggers are told all the same.
 */
export interface Logger {
  /** E.g. the experiment's name; together with the version it makes the folder of its files. */
  readonly name?: string;
  /** Which of the runs under this name. */
  readonly version?: string | number;
  /** Folder of all experiments. */
  readonly saveDir?: string;
  /** Folder that holds everything this logger writes; checkpoints go below it. */
  readonly logDir?: string;
  /** What stands between the groups of a metric's name, such as `train/loss`. */
  readonly groupSeparator?: string;
  /** Put before every metric's name. */
  readonly prefix?: string;
  /** What the logger writes with, for whoever wants more than this interface. */
  readonly experiment?: unknown;
  /**
   * Takes metrics by name.
   *
   * @param metrics numbers, by the names they were logged under
   * @param step the number of optimizer steps done before the one these metrics belong to
   */
  logMetrics(metrics: Metrics, step: number): void | Promise<void>;
  /** The hyper-parameters of module and data module, at the beginning of a fit. */
  logHyperparams?(hparams: Record<string, unknown>): void | Promise<void>;
  /** The module, at the beginning of a fit. */
  logGraph?(module: Module): void | Promise<void>;
  /** Optimizer steps from one histogram of parameters and gradients to the next; 0 or nothing: none. */
  readonly logHistograms?: number;
  /** How the values of something, such as a parameter, are distributed. */
  logHistogram?(name: string, values: ArrayLike<number>, step: number): void | Promise<void>;
  /** A ModelCheckpoint has saved a file: its attributes say which, and how good it is. */
  afterSaveCheckpoint?(checkpoint: ModelCheckpoint): void | Promise<void>;
  /** Writes out what is buffered. */
  save?(): void | Promise<void>;
  /** The run is over. */
  finalize?(status: FinalStatus): void | Promise<void>;
  /** Where the logger stands, so that a run that goes back takes its rows back. Taken at every step: keep it small. */
  stateDict?(): unknown;
  /** A logger for a fork of the run, which holds what was logged so far and goes on in a place of its own. */
  fork?(): Logger;
  /** Goes back to where `stateDict` was taken. */
  loadStateDict?(state: never): void;
}
