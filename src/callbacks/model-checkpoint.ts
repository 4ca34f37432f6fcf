import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, ContractError, StrobeError } from '../errors.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Stage } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkpointName } from './checkpoints/naming.js';
import { bestOf, ranks, scoreOf, worstOf, type Ranking } from './checkpoints/ranking.js';
import { checkMode, type Mode } from './monitor.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Folder of the files. Default: `checkpoints` in the logger's folder, else in defaultRootDir. */
  dirpath: z.string().min(1).optional(),
  /** Template of the names, such as `model-{epoch:02d}-{val_loss:.2f}`. Default `{epoch}-{step}`. */
  filename: z.string().optional(),
  /** Name of the metric that ranks; without one the latest is kept. */
  monitor: z.string().optional(),
  mode: z.unknown().default('min'),
  verbose: z.boolean().default(false),
  /** Also write `last.ckpt` each time. */
  saveLast: z.boolean().default(false),
  /** How many of the best to keep: -1 all, 0 none. */
  saveTopK: z.int().min(-1).default(1),
  /** Only parameters and buffers: smaller, but a fit cannot go on from it. */
  saveWeightsOnly: z.boolean().default(false),
  /** Write `{x}` in names as `x=<value>`. */
  autoInsertMetricName: z.boolean().default(true),
  everyNTrainSteps: z.int().min(0).optional(),
  everyNEpochs: z.int().min(0).optional(),
  /** Save at the end of training epochs instead of validations. Default: whether validations are epochs' ends. */
  saveOnTrainEpochEnd: z.boolean().optional(),
  /** `-v1`, `-v2` where a name is taken. */
  enableVersionCounter: z.boolean().default(true),
});

export type ModelCheckpointOptions = Omit<z.input<typeof schema>, 'mode'> & { mode?: Mode };

interface CheckpointState {
  bestModelPath: string;
  bestModelScore: number | null;
  currentScore: number | null;
  dirpath: string;
  bestKModels: Ranking;
  kthBestModelPath: string;
  lastModelPath: string;
  lastSavedStep: number;
}

/** Saves checkpoints: when a trigger says so, ranked by a metric, named by a template; keeps the best. */
export class ModelCheckpoint extends Callback {
  readonly monitor: string | undefined;
  readonly mode: Mode;
  dirpath: string | undefined;
  bestModelPath = '';
  bestModelScore: number | null = null;
  currentScore: number | null = null;
  bestKModels: Ranking = {};
  kthBestModelPath = '';
  lastModelPath = '';
  readonly #options: z.output<typeof schema>;
  readonly #everyNEpochs: number;
  #lastSavedStep = 0;

  constructor(options: ModelCheckpointOptions = {}) {
    super();
    this.#options = checkOptions('ModelCheckpoint', schema, options);
    const { monitor, mode, dirpath, saveTopK, everyNTrainSteps, everyNEpochs } = this.#options;
    this.monitor = monitor;
    this.mode = checkMode('ModelCheckpoint', mode);
    this.dirpath = dirpath === undefined ? undefined : resolve(dirpath.replace(/^~(?=$|\/)/, homedir()));
    if (everyNTrainSteps !== undefined && everyNEpochs !== undefined) throw twoTriggers();
    if (monitor === undefined && saveTopK > 1) throw nothingToRank(saveTopK);
    this.#everyNEpochs = everyNEpochs ?? (everyNTrainSteps === undefined ? 1 : 0);
  }

  override get kind(): CallbackKind {
    return 'checkpoint';
  }

  override get stateKey(): string {
    const { everyNTrainSteps = 0 } = this.#options;
    const quoted = this.monitor === undefined ? 'None' : `'${this.monitor}'`;
    return `ModelCheckpoint{'monitor': ${quoted}, 'mode': '${this.mode}', 'every_n_train_steps': ${everyNTrainSteps}, 'every_n_epochs': ${this.#everyNEpochs}, 'train_time_interval': None}`;
  }

  override setup(trainer: Trainer, _module: Module, stage: Stage): void {
    if (stage !== 'fit') return;
    const logDir = trainer.loggers.find((logger) => logger.logDir !== undefined)?.logDir;
    this.dirpath ??= join(resolve(logDir ?? trainer.options.defaultRootDir), 'checkpoints');
  }

  override async onTrainBatchEnd(trainer: Trainer): Promise<void> {
    const { everyNTrainSteps = 0 } = this.#options;
    if (everyNTrainSteps === 0 || trainer.globalStep % everyNTrainSteps !== 0) return;
    if (this.#mayHaveToWait(trainer)) return;
    await this.#save(trainer);
  }

  override async onTrainEpochEnd(trainer: Trainer): Promise<void> {
    if (this.#savesOnTrainEpochEnd(trainer)) await this.#saveIfEpochIsDue(trainer);
  }

  override async onValidationEnd(trainer: Trainer): Promise<void> {
    if (!this.#savesOnTrainEpochEnd(trainer)) await this.#saveIfEpochIsDue(trainer);
    const { everyNTrainSteps = 0 } = this.#options;
    // What was due at this step waited for the validation that belongs to it.
    if (everyNTrainSteps > 0 && trainer.globalStep % everyNTrainSteps === 0) await this.#save(trainer);
  }

  override async onTrainEnd(trainer: Trainer): Promise<void> {
    if (this.#options.saveLast && this.lastModelPath === '' && !this.#skips(trainer))
      await this.#saveLast(trainer, this.#metrics(trainer));
  }

  override stateDict(): CheckpointState {
    const { bestModelPath, bestModelScore, currentScore, bestKModels, kthBestModelPath, lastModelPath } = this;
    return {
      bestModelPath,
      bestModelScore,
      currentScore,
      dirpath: this.dirpath ?? '',
      bestKModels: { ...bestKModels },
      kthBestModelPath,
      lastModelPath,
      lastSavedStep: this.#lastSavedStep,
    };
  }

  override loadStateDict(state: CheckpointState): void {
    this.bestModelPath = state.bestModelPath;
    this.#lastSavedStep = state.lastSavedStep;
    // The files of another folder are not this one's to rank and delete.
    if (this.dirpath !== undefined && state.dirpath !== this.dirpath) return;
    this.bestModelScore = state.bestModelScore;
    this.currentScore = state.currentScore;
    this.bestKModels = { ...state.bestKModels };
    this.kthBestModelPath = state.kthBestModelPath;
    this.lastModelPath = state.lastModelPath;
  }

  #skips(trainer: Trainer): boolean {
    return (
      trainer.stage !== 'fit' ||
      trainer.sanityChecking ||
      trainer.status !== 'running' ||
      trainer.options.fastDevRun !== false
    );
  }

  #savesOnTrainEpochEnd(trainer: Trainer): boolean {
    const { saveOnTrainEpochEnd } = this.#options;
    if (saveOnTrainEpochEnd !== undefined) return saveOnTrainEpochEnd;
    const { valCheckInterval, checkValEveryNEpoch } = trainer.limits;
    if (!trainer.validates) return true;
    return checkValEveryNEpoch === 1 && valCheckInterval === undefined;
  }

  /** A step's checkpoint waits for a validation that comes right after it, so that it knows its metrics. */
  #mayHaveToWait(trainer: Trainer): boolean {
    return trainer.isLastBatch && !this.#savesOnTrainEpochEnd(trainer) && trainer.validates;
  }

  async #saveIfEpochIsDue(trainer: Trainer): Promise<void> {
    if (this.#everyNEpochs > 0 && (trainer.currentEpoch + 1) % this.#everyNEpochs === 0) await this.#save(trainer);
  }

  async #save(trainer: Trainer): Promise<void> {
    if (this.#skips(trainer) || trainer.globalStep === this.#lastSavedStep) return;
    const metrics = this.#metrics(trainer);
    const saved = this.#options.saveTopK === 0 ? false : await this.#saveRanked(trainer, metrics);
    if (this.#options.saveLast && (saved || this.#options.saveTopK === 0)) await this.#saveLast(trainer, metrics);
  }

  async #saveRanked(trainer: Trainer, metrics: Metrics): Promise<boolean> {
    const { saveTopK } = this.#options;
    if (this.monitor === undefined) {
      const former = this.bestModelPath;
      await this.#write(trainer, metrics, former, (path) => {
        this.bestModelPath = path;
      });
      if (saveTopK === 1) await this.#remove(former, trainer);
      return true;
    }
    const value = metrics[this.monitor];
    if (value === undefined) return this.#missing(trainer, metrics);
    const score = scoreOf(value, this.mode);
    if (!ranks(this.bestKModels, score, saveTopK, this.mode)) {
      if (this.#options.verbose) trainer.print(`${this.monitor} = ${value} was not in the top ${saveTopK}.`);
      return false;
    }
    const full = saveTopK !== -1 && Object.keys(this.bestKModels).length >= saveTopK;
    const former = full ? (worstOf(this.bestKModels, this.mode)?.[0] ?? '') : '';
    await this.#write(trainer, metrics, former, (path) => {
      const { [former]: _gone, ...kept } = this.bestKModels;
      this.bestKModels = { ...kept, [path]: score };
      this.currentScore = score;
      [this.bestModelPath, this.bestModelScore] = bestOf(this.bestKModels, this.mode) ?? ['', null];
      const complete = Object.keys(this.bestKModels).length === saveTopK;
      this.kthBestModelPath = complete ? (worstOf(this.bestKModels, this.mode)?.[0] ?? '') : '';
    });
    await this.#remove(former, trainer);
    return true;
  }

  /** The bookkeeping is done before the file is written, so that the file knows itself. */
  async #write(trainer: Trainer, metrics: Metrics, former: string, remember: (path: string) => void): Promise<void> {
    const path = this.#freePath(metrics, former);
    const before = this.stateDict();
    remember(path);
    this.#lastSavedStep = trainer.globalStep;
    try {
      await trainer.saveCheckpoint(path, { weightsOnly: this.#options.saveWeightsOnly });
    } catch (error) {
      this.loadStateDict(before);
      throw error;
    }
    if (this.#options.verbose)
      trainer.print(`Epoch ${trainer.currentEpoch}, step ${trainer.globalStep}: saved ${path}.`);
  }

  async #saveLast(trainer: Trainer, _metrics: Metrics): Promise<void> {
    const path = join(this.dirpath ?? '', 'last.ckpt');
    this.lastModelPath = path;
    this.#lastSavedStep = trainer.globalStep;
    await trainer.saveCheckpoint(path, { weightsOnly: this.#options.saveWeightsOnly });
  }

  /** A path that is free, or will be: the file about to be replaced may keep its name. */
  #freePath(metrics: Metrics, former: string): string {
    const { filename, autoInsertMetricName, enableVersionCounter } = this.#options;
    for (let version: number | undefined; ; version = (version ?? 0) + 1) {
      const path = join(this.dirpath ?? '', checkpointName(filename, metrics, { autoInsertMetricName, version }));
      if (!enableVersionCounter || path === former || !existsSync(path)) return path;
    }
  }

  /** Deletes what was replaced; never the file that was just written, nor one of another folder, nor what the run came from. */
  async #remove(path: string, trainer: Trainer): Promise<void> {
    if (path === '' || path === this.bestModelPath || path in this.bestKModels) return;
    if (!resolve(dirname(path)).startsWith(resolve(this.dirpath ?? '')) || path === trainer.ckptPath) return;
    await rm(path, { force: true });
  }

  #metrics(trainer: Trainer): Metrics {
    return { ...trainer.callbackMetrics, epoch: trainer.currentEpoch, step: trainer.globalStep };
  }

  #missing(trainer: Trainer, metrics: Metrics): false {
    const message = StrobeError.compose(`ModelCheckpoint has no metric called ${this.monitor}.`, {
      expected: `this.log('${this.monitor}', ...) in the module`,
      received: Object.keys(metrics).join(', '),
      hint: 'monitor one of those that are logged',
    });
    if (trainer.validates && trainer.progress.validationBatches.length > 0) throw new ContractError(message);
    trainer.warn(message);
    return false;
  }
}

function twoTriggers(): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('ModelCheckpoint has two triggers.', {
      expected: 'everyNTrainSteps or everyNEpochs',
      received: 'both',
      hint: 'leave one out, or use two ModelCheckpoints',
    }),
  );
}

function nothingToRank(saveTopK: number): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`ModelCheckpoint cannot rank: saveTopK is ${saveTopK} and there is no monitor.`, {
      expected: 'a monitor, or saveTopK: -1 (all), 0 (none) or 1 (the latest)',
      received: `saveTopK: ${saveTopK} without a monitor`,
      hint: "add monitor: 'val_loss' or another metric that is logged",
    }),
  );
}
