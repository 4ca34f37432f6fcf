import { rm } from 'node:fs/promises';
import { tell } from '../loggers/tell.js';
import { join, resolve } from 'node:path';
import { writeAtomically } from '../checkpoint/files.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Stage } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkpointName, DEFAULT_STYLE } from './checkpoints/naming.js';
import { metricsNow, refuseMissing } from './checkpoints/metrics.js';
import { checkpointSettings, type CheckpointSettings, type ModelCheckpointOptions } from './checkpoints/options.js';
import { Ownership } from './checkpoints/ownership.js';
import { entered, loserOf, rankingAsYaml, ranks, scoreOf } from './checkpoints/ranking.js';
import { defaultFolder, folderFrom, freePath, isInside, isOccupied, linkTo } from './checkpoints/storage.js';
import { belongsToEpochEnd, epochIsDue, stepIsDue, timeIsDue } from './checkpoints/trigger.js';
import { isJudging, worst, type MonitorMode } from './monitor.js';

export type { ModelCheckpointOptions } from './checkpoints/options.js';

/** What a ModelCheckpoint writes into the checkpoints it saves. */
export interface ModelCheckpointState {
  /** The metric it ranks by; null: none. */
  monitor: string | null;
  /** The best file; empty before there is one. */
  bestModelPath: string;
  /** That file's value of the metric. */
  bestModelScore: number | null;
  /** The value of the file that was saved last. */
  currentScore: number | null;
  /** Folder of the files. */
  dirpath: string;
  /** Values of the metric by path. */
  bestKModels: Record<string, number>;
  /** The worst of the best k. */
  kthBestModelPath: string;
  /** The score that a new file has to beat once there are k. */
  kthValue: number;
  /** The file that `saveLast` wrote. */
  lastModelPath: string;
  /** The file that was saved last, and the optimizer step it belongs to. */
  lastSaved: { path: string; step: number };
  /** A checkpoint was due and waits for the next validation. */
  deferred: boolean;
  /** Milliseconds since the last checkpoint that time made due. */
  sinceSave?: number;
}

/** Saves checkpoints: when a trigger says so, ranked by a metric, named by a template; keeps the best. */
export class ModelCheckpoint extends Callback {
  /** What names are made with; set them before the fit, or override them in a subclass. */
  joinChar = DEFAULT_STYLE.joinChar;
  /** Stands between a metric's name and its value. */
  equalsChar = DEFAULT_STYLE.equalsChar;
  /** What names end with. */
  extension = DEFAULT_STYLE.extension;
  /** Name of the file that `saveLast` writes; a template, too. */
  nameLast = 'last';
  /** What counting starts with where a name is taken. */
  startingVersion = 1;
  /** The metric it ranks by; undefined: the latest is the best. */
  readonly monitor: string | undefined;
  /** Whether less or more of it is better. */
  readonly mode: MonitorMode;
  /** Folder of the files; undefined until the fit begins, if it was not given. */
  dirpath: string | undefined;
  /** The best file; empty before there is one. */
  bestModelPath = '';
  /** That file's value of the metric; null without one. */
  bestModelScore: number | null = null;
  /** The value of the file that was saved last. */
  currentScore: number | null = null;
  /** Values of the metric by path, of the files that are kept. */
  bestKModels: Record<string, number> = {};
  /** The worst of the best k. */
  kthBestModelPath = '';
  /** The score that a new file has to beat once there are k. */
  kthValue: number;
  /** The file that `saveLast` wrote; empty before there is one. */
  lastModelPath = '';
  readonly #settings: CheckpointSettings;
  #lastSaved = { path: '', step: 0 };
  #deferred = false;
  /** When time was last looked at and found due; the process's own clock. */
  #timed = 0;
  #warning = '';
  readonly #ownership = new Ownership();

  constructor(options: ModelCheckpointOptions = {}) {
    super();
    this.#settings = checkpointSettings(options);
    const { monitor, mode, dirpath } = this.#settings;
    this.monitor = monitor;
    this.mode = mode;
    this.kthValue = worst(mode);
    this.dirpath = dirpath === undefined ? undefined : folderFrom(dirpath);
  }

  override get kind(): CallbackKind {
    return 'checkpoint';
  }

  override get stateKey(): string {
    const { everyNTrainSteps, everyNEpochs, trainTimeInterval } = this.#settings.triggers;
    const monitor = this.monitor === undefined ? 'None' : `'${this.monitor}'`;
    return `ModelCheckpoint{'monitor': ${monitor}, 'mode': '${this.mode}', 'every_n_train_steps': ${everyNTrainSteps}, 'every_n_epochs': ${everyNEpochs}, 'train_time_interval': ${trainTimeInterval ?? 'None'}}`;
  }

  override async setup(trainer: Trainer, _module: Module, stage: Stage): Promise<void> {
    this.dirpath ??= defaultFolder(trainer);
    if (stage === 'fit') this.#ownership.begin(trainer);
    const own = [this.lastModelPath, this.#lastSaved.path, trainer.ckptPath ?? ''];
    const strange = !own.some((path) => path !== '' && isInside(path, this.#folder));
    if (stage === 'fit' && strange && this.#settings.saveTopK !== 0 && (await isOccupied(this.#folder))) {
      trainer.warn(`The checkpoint folder ${this.dirpath} exists and is not empty.`);
    }
  }

  override onFitStart(trainer: Trainer): void {
    if (this.#warning) trainer.warn(this.#warning);
    this.#warning = '';
  }

  override onTrainStart({ globalStep }: Trainer): void {
    this.#timed ||= performance.now();
    // A fit that begins anew has nothing saved yet, whatever step a former one has come to.
    if (globalStep < this.#lastSaved.step) this.#lastSaved.step = 0;
  }

  override async onTrainBatchEnd(trainer: Trainer): Promise<void> {
    const { triggers } = this.#settings;
    const elapsed = performance.now() - this.#timed;
    const timed = timeIsDue(triggers, elapsed);
    if (!timed && !stepIsDue(triggers, trainer.globalStep)) return;
    if (timed) this.#timed = performance.now();
    if (this.#hasToWait(trainer)) this.#deferred = true;
    else await this.#save(trainer);
  }

  override async onTrainEpochEnd(trainer: Trainer): Promise<void> {
    if (this.#savesOnTrainEpochEnd(trainer)) await this.#saveIfEpochIsDue(trainer);
  }

  override async onValidationEnd(trainer: Trainer): Promise<void> {
    if (!isJudging(trainer)) return;
    if (!this.#savesOnTrainEpochEnd(trainer)) await this.#saveIfEpochIsDue(trainer);
    if (!this.#deferred) return;
    this.#deferred = false;
    await this.#save(trainer);
  }

  override async onTrainEnd(trainer: Trainer): Promise<void> {
    if (this.#settings.saveLast !== false && this.#lastSaved.path === '' && isJudging(trainer))
      await this.#saveLast(trainer, metricsNow(trainer));
  }

  override teardown(): void {
    this.#timed = 0;
  }

  /** The run has failed or was interrupted: what there is is kept, under the name it would have had. */
  override async onException(trainer: Trainer, _module: Module, error: unknown): Promise<void> {
    const { saveOnException, saveLast } = this.#settings;
    if (!saveOnException || trainer.options.fastDevRun !== false || trainer.sanityChecking) return;
    if (trainer.globalStep === this.#lastSaved.step) return;
    const metrics = metricsNow(trainer);
    const path = this.formatCheckpointName(metrics);
    await this.#write(trainer, path, () => {});
    if (saveLast !== false) await this.#saveLast(trainer, metrics);
    const { name, message } = error instanceof Error ? error : { name: 'error', message: String(error) };
    trainer.print(`${name} was raised with the message: ${message}. Saved a checkpoint to ${path}.`);
  }

  /** The path that a file with these metrics has, in `dirpath`. */
  formatCheckpointName(
    metrics: Metrics,
    { filename = this.#settings.filename, ...rest }: { filename?: string; version?: number; prefix?: string } = {},
  ): string {
    const { joinChar, equalsChar, extension } = this;
    const { autoInsertMetricName } = this.#settings;
    const options = { autoInsertMetricName, joinChar, equalsChar, extension, ...rest };
    return join(this.dirpath ?? '', checkpointName(filename, metrics, options));
  }

  /** Writes `bestKModels` as YAML. Default path: `best_k_models.yaml` in `dirpath`. */
  async toYaml(path = join(this.#folder, 'best_k_models.yaml')): Promise<void> {
    await writeAtomically(path, [new TextEncoder().encode(rankingAsYaml(this.bestKModels))]);
  }

  override stateDict(): ModelCheckpointState {
    const { bestModelPath, bestModelScore, currentScore, kthBestModelPath, kthValue, lastModelPath } = this;
    return {
      monitor: this.monitor ?? null,
      bestModelPath,
      bestModelScore,
      currentScore,
      dirpath: this.dirpath ?? '',
      bestKModels: { ...this.bestKModels },
      kthBestModelPath,
      kthValue,
      lastModelPath,
      lastSaved: { ...this.#lastSaved },
      deferred: this.#deferred,
      ...(this.#settings.triggers.trainTimeInterval === undefined || this.#timed === 0
        ? {}
        : { sinceSave: performance.now() - this.#timed }),
    };
  }

  override loadStateDict(state: ModelCheckpointState): void {
    this.bestModelPath = state.bestModelPath;
    this.#deferred = state.deferred;
    this.#timed = state.sinceSave === undefined ? 0 : performance.now() - state.sinceSave;
    // The files of another folder are not this one's to rank, replace and delete.
    const moved = this.dirpath !== undefined && state.dirpath !== this.dirpath;
    this.#lastSaved = { path: moved ? '' : state.lastSaved.path, step: state.lastSaved.step };
    if (moved) {
      this.#warning = `The dirpath has changed from ${state.dirpath} to ${this.dirpath}: of the files saved there only bestModelPath is remembered.`;
      return;
    }
    this.bestModelScore = state.bestModelScore;
    this.currentScore = state.currentScore;
    this.bestKModels = { ...state.bestKModels };
    this.kthBestModelPath = state.kthBestModelPath;
    this.kthValue = state.kthValue;
    this.lastModelPath = state.lastModelPath;
  }

  /** Optimizer steps that the newest checkpoint holds; 0 before there is one. */
  get lastSavedStep(): number {
    return this.#lastSaved.step;
  }

  get #folder(): string {
    return this.dirpath ?? '';
  }

  #savesOnTrainEpochEnd(trainer: Trainer): boolean {
    return this.#settings.saveOnTrainEpochEnd ?? belongsToEpochEnd(trainer);
  }

  /** A step's checkpoint waits for the validation that belongs to the step, and for a metric that is not there yet. */
  #hasToWait(trainer: Trainer): boolean {
    if (trainer.validationFollows) return true;
    const missing = this.monitor !== undefined && !(this.monitor in metricsNow(trainer));
    return missing && trainer.validates;
  }

  async #saveIfEpochIsDue(trainer: Trainer): Promise<void> {
    if (epochIsDue(this.#settings.triggers, trainer.currentEpoch)) await this.#save(trainer);
  }

  async #save(trainer: Trainer): Promise<void> {
    if (!isJudging(trainer) || trainer.globalStep === this.#lastSaved.step) return;
    const { saveTopK, saveLast } = this.#settings;
    const metrics = metricsNow(trainer);
    const saved = saveTopK !== 0 && (await this.#saveRanked(trainer, metrics));
    const linkable = saveLast === 'link' && this.#lastSaved.path !== '';
    if (saveLast !== false && (saved || saveTopK === 0 || linkable)) await this.#saveLast(trainer, metrics);
  }

  async #saveRanked(trainer: Trainer, metrics: Metrics): Promise<boolean> {
    const { mode, monitor } = this;
    const { saveTopK: k, verbose } = this.#settings;
    if (monitor === undefined) {
      const former = k === 1 ? this.#ownership.own(this.bestModelPath, trainer) : '';
      await this.#write(trainer, this.#freePath(metrics, former), (path) => {
        this.bestModelPath = path;
      });
      await this.#remove(former, trainer);
      return true;
    }
    const value = metrics[monitor];
    if (value === undefined) return refuseMissing(trainer, monitor, metrics);
    const score = scoreOf(value, mode);
    const what = `Epoch ${trainer.currentEpoch}, step ${trainer.globalStep}: ${monitor}`;
    if (!ranks(this.bestKModels, score, k, mode)) {
      if (verbose) trainer.print(`${what} was not in top ${k}.`);
      return false;
    }
    const loser = loserOf(this.bestKModels, k, mode);
    const path = this.#freePath(metrics, this.#ownership.own(loser, trainer));
    const { ranking, best, kth } = entered(this.bestKModels, path, score, { loser, k, mode });
    if (verbose)
      trainer.print(`${what} reached ${score.toFixed(5)} (best ${best[1].toFixed(5)}), saving to ${path} as top ${k}.`);
    await this.#write(trainer, path, () => {
      this.bestKModels = ranking;
      this.currentScore = score;
      [this.bestModelPath, this.bestModelScore] = best;
      [this.kthBestModelPath, this.kthValue] = kth ?? ['', worst(mode)];
    });
    await this.#remove(loser, trainer);
    return true;
  }

  /** The bookkeeping is done before the file is written, so that the file knows itself; and undone if it cannot be. */
  async #write(trainer: Trainer, path: string, remember: (path: string) => void): Promise<void> {
    const before = this.stateDict();
    remember(path);
    this.#lastSaved = { path, step: trainer.globalStep };
    try {
      await trainer.saveCheckpoint(path, { weightsOnly: this.#settings.saveWeightsOnly });
    } catch (error) {
      this.loadStateDict(before);
      throw error;
    }
    this.#ownership.note(path, trainer);
    await this.#tellLoggers(trainer);
  }

  async #saveLast(trainer: Trainer, metrics: Metrics): Promise<void> {
    const former = this.#ownership.own(this.lastModelPath, trainer);
    const { saveLast } = this.#settings;
    const path = this.#freePath(metrics, former, this.nameLast);
    const latest = this.#lastSaved.path;
    if (saveLast === 'link' && latest !== '' && latest !== path) {
      await linkTo(latest, path);
      this.#ownership.note(path, trainer);
      this.lastModelPath = path;
      await this.#tellLoggers(trainer);
    } else {
      await this.#write(trainer, path, () => {
        this.lastModelPath = path;
      });
    }
    if (former !== path) await this.#remove(former, trainer);
  }

  async #tellLoggers(trainer: Trainer): Promise<void> {
    await tell(trainer.loggers, 'afterSaveCheckpoint', this);
  }

  #freePath(metrics: Metrics, former: string, filename = this.#settings.filename): string {
    const name = filename === undefined ? {} : { filename };
    const pathOf = (version?: number) =>
      this.formatCheckpointName(metrics, version === undefined ? name : { ...name, version });
    const startingVersion = this.#settings.enableVersionCounter ? this.startingVersion : undefined;
    return freePath(pathOf, { former, startingVersion });
  }

  /**
   * Deletes what was replaced; never a file that counts, nor one of another folder or of the run that this one is a fork
   * of, nor what the run came from.
   */
  async #remove(path: string, trainer: Trainer): Promise<void> {
    const counts = [this.bestModelPath, this.lastModelPath, this.#lastSaved.path].includes(path);
    if (path === '' || counts || path in this.bestKModels) return;
    const cameFrom = trainer.ckptPath === undefined ? '' : resolve(trainer.ckptPath);
    if (!isInside(path, this.#folder) || resolve(path) === cameFrom || !this.#ownership.own(path, trainer)) return;
    this.#ownership.forget(path);
    await rm(path, { force: true });
  }
}
