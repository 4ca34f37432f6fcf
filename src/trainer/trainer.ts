import { slowdown, useBackend } from '../backend/index.js';
import { defaultCallbacks } from '../callbacks/defaults.js';
import { EarlyStopping } from '../callbacks/early-stopping.js';
import { ModelCheckpoint } from '../callbacks/model-checkpoint.js';
import { checkOptions } from '../callbacks/options.js';
import { writeCheckpoint } from '../checkpoint/store.js';
import { ContractError, StrobeError } from '../errors.js';
import type { Logger } from '../loggers/logger.js';
import type { Metrics, Report } from '../module/metrics.js';
import { Module } from '../module/module.js';
import type { Optimizer, SchedulerConfig } from '../optim/index.js';
import type { Profiler } from '../profilers/index.js';
import { globalSeed } from '../random/index.js';
import { runSchema, type RunOptions } from '../run/options.js';
import { Run } from '../run/run.js';
import { fitSchema, saveSchema, trainSchema, type FitOptions, type TrainOptions } from './calls.js';
import { CallbackList } from './callback.js';
import { drain } from './drain.js';
import { DataConnector, type DataInput } from './data-connector.js';
import { predict, test, validate } from './evaluate.js';
import { Execution } from './execution.js';
import { fit } from './fit.js';
import type { Stage } from './hooks.js';
import { changed, checkedLimits, limitsOf, type Limits } from './limits.js';
import { loggersOf, profilerOf } from './observers.js';
import { resolveOptions, type ResolvedOptions, type TrainerOptions } from './options.js';
import { countTrainingBatches, isLastBatch } from './phases/loaders.js';
import { recomputeStatistics } from './phases/statistics.js';
import { validationFollows } from './phases/train-batch.js';
import { endsWindow } from './phases/window.js';
import { Runner, type Outcome } from './runner.js';
import { logsAreDue, sendToLoggers } from './reporting.js';
import { busy, insideManualStep, notAModule, nothingToSave } from './refusals.js';
import { checkpointFor, goOnFrom } from './resume.js';
import { freshProgress, type Progress } from './progress.js';
import { Session } from './session.js';
import { MetricHistory, type MetricRow } from './metric-history.js';
import { takeOver } from './tenancy.js';
import { captureState, captureWeights, disposeState, isRunState, optimizerStatesOf } from './state.js';

const PROGRAMS = { fit, validate, test, predict };

/** What the trainer's last call does, or how it ended; before the first one `initializing`. */
export type TrainerStatus = 'initializing' | 'running' | 'finished' | 'interrupted' | 'failed';

/** How a fit ended. */
export interface FitResult {
  /** `completed` when a limit was reached, `stopped` when somebody asked for it, `interrupted` by Ctrl-C or a signal. */
  outcome: Exclude<Outcome, 'failed'>;
  /** Which limit, or who asked and why. */
  reason: string;
  /** The last value of everything that can be monitored. */
  metrics: Metrics;
  /** Epochs done, those before a resume included. */
  epochs: number;
  /** Optimizer steps done, those before a resume included. */
  steps: number;
  /** The checkpoint that goes on from there, if it was interrupted and saved. */
  ckptPath?: string;
}

/** Trains modules: the loops, and what they need to know. What a fit does, in order, stands in `fit.ts`. */
export class Trainer {
  /** The options with their defaults filled in. */
  readonly options: ResolvedOptions;
  /** Limits and settings that take effect at the next batch when changed; a wrong value is refused, the former one stays. */
  readonly limits: Limits;
  /** In the order in which they are called; what is added or removed takes effect at the next hook. */
  readonly callbacks: CallbackList;
  /** Where metrics go. Empty: nowhere. */
  readonly loggers: Logger[];
  /** What measures this trainer's runs, if anything does. */
  readonly profiler: Profiler | undefined;
  /** Fixes every random draw of the run. */
  seed: number;
  /** What the last call does, or how it ended. */
  status: TrainerStatus = 'initializing';
  /** What is going on, or was last; undefined before the first call. */
  stage: Stage | undefined;
  /** @internal Plain data; saved and restored as it is. */
  progress: Progress = freshProgress();
  /** @internal */
  storedMetrics: Report = { callback: {}, logger: {}, progressBar: {} };
  /** @internal */
  history = new MetricHistory();
  /** @internal True while a forward pass is repeated: nothing is logged then. */
  muted = false;
  /** The checkpoint this trainer went on from, if any. */
  ckptPath: string | undefined;
  /** Where `print` and `warn` go while something is being drawn, so that they do not write into it. */
  printer: ((line: string) => void) | undefined;
  /** @internal Told whenever the run has come to rest: it is paused, or over. */
  readonly atRest = new Set<() => void>();
  #runner: Runner | undefined;

  constructor(options: TrainerOptions = {}) {
    this.options = resolveOptions(options);
    this.limits = checkedLimits(limitsOf(this.options));
    if (this.options.maxEpochs === undefined && this.limits.maxEpochs !== -1)
      this.warn(`maxEpochs was not set. Setting it to ${this.limits.maxEpochs} epochs.`);
    this.seed = this.options.seed ?? globalSeed() ?? Math.floor(Math.random() * 2 ** 32);
    this.loggers = loggersOf(this.options);
    this.profiler = profilerOf(this.options);
    this.callbacks = CallbackList.containing([...this.options.callbacks, ...defaultCallbacks(this.options)]);
  }

  /**
   * Trains until a limit is reached or somebody asks to stop.
   *
   * @param data a loader, `{ train, val }` or a DataModule; left out if the module has its own loaders
   * Ctrl-C (SIGINT) ends it gracefully, with its end hooks and a checkpoint `interrupted.ckpt` that goes on from there; twice,
   * it ends the process. SIGTERM and SIGHUP, which schedulers and closed terminals send, do the same, and then the process
   * ends as it would have, without going on with the program. A program that listens for one of them itself is left to do
   * so, and has to use `signal`.
   *
   * @throws whatever user code threw, after `onException`, the end hooks that were owed and `teardown` have run
   */
  async fit(model: Module, data?: DataInput, options: TrainOptions = {}): Promise<FitResult> {
    const { ckptPath, signal, epochs } = checkOptions('trainer.fit', trainSchema, options);
    const runner = this.#begin('fit', model, data, ckptPath, epochs);
    return this.result(await drain(runner, signal));
  }

  /** One pass over the validation loaders; one record of metrics for each. */
  async validate(model?: Module, data?: DataInput, options: FitOptions = {}): Promise<Metrics[]> {
    return this.#evaluate('validate', model, data, options);
  }

  /** One pass over the test loaders; one record of metrics for each. */
  async test(model?: Module, data?: DataInput, options: FitOptions = {}): Promise<Metrics[]> {
    return this.#evaluate('test', model, data, options);
  }

  /** What `predictStep` gave for each batch; a list of such lists if there are several loaders. */
  async predict(model?: Module, data?: DataInput, options: FitOptions = {}): Promise<unknown[]> {
    const { ckptPath, signal } = checkOptions('trainer.predict', fitSchema, options);
    const runner = this.#begin('predict', this.#modelOr(model), data, ckptPath);
    await drain(runner, signal);
    const { predictions } = runner.execution.session;
    return predictions.length === 1 ? (predictions[0] as unknown[]) : predictions;
  }

  /** A run that stands before its first hook and goes on as it is told to. */
  run(model: Module, data?: DataInput, options: RunOptions & { stage?: Stage } = {}): Run {
    const { stage, ...how } = checkOptions('trainer.run', runSchema, options);
    return new Run(this.#begin(stage, model, data, how.ckptPath), how);
  }

  async #evaluate(
    stage: 'validate' | 'test',
    model: Module | undefined,
    data: DataInput | undefined,
    options: FitOptions,
  ) {
    const { ckptPath, signal } = checkOptions(`trainer.${stage}`, fitSchema, options);
    const runner = this.#begin(stage, this.#modelOr(model), data, ckptPath);
    await drain(runner, signal);
    return runner.execution.session.results;
  }

  #begin(
    stage: Stage,
    model: Module,
    data: DataInput | undefined,
    ckptPath: string | undefined,
    more?: number,
  ): Runner {
    if (!(model instanceof Module)) throw notAModule(stage, model);
    if (this.#runner?.executing) throw busy();
    const former = this.#runner;
    const session = new Session(this, model, stage, new DataConnector(model, stage, data));
    const execution = new Execution(PROGRAMS[stage], session);
    const prepare = async (): Promise<void> => {
      const slower = slowdown(await useBackend(this.options.backend));
      if (slower) this.warn(slower);
      // A run that was left standing gives up the trainer; what it began is ended.
      if (former && former.outcome === undefined && former.begun)
        await former.abandon('another run took over its trainer');
      if (more !== undefined) Object.assign(this.limits, { maxEpochs: this.progress.epoch + more, maxSteps: -1 });
      // An evaluation keeps them for a fit that goes on after it.
      if (more !== undefined || stage !== 'fit') session.inherited = former && statesOf(former, model);
      former?.execution.session.dispose();
      this.stage = stage;
      if (stage === 'fit') this.requestStop(false, '');
      this.storedMetrics = { callback: {}, logger: {}, progressBar: {} };
      if (stage === 'fit') this.history = new MetricHistory();
      takeOver(session);
      this.profiler?.reset();
      await this.profiler?.begin();
      const path = checkpointFor(this, stage, ckptPath);
      if (path !== undefined) await goOnFrom(execution, path);
    };
    this.#runner = new Runner(execution, prepare);
    return this.#runner;
  }

  /**
   * Writes where the run stands, now: called in a hook, the file goes on after that hook's caller.
   *
   * @param path the file; it is replaced in one piece
   * @param options what goes into it
   * @param options.weightsOnly leaves out everything but parameters, buffers and hyper-parameters
   */
  async saveCheckpoint(path: string, options: { weightsOnly?: boolean } = {}): Promise<void> {
    const { weightsOnly } = checkOptions('trainer.saveCheckpoint', saveSchema, options);
    if (!this.#runner) throw nothingToSave();
    const { execution, begun, outcome } = this.#runner;
    const { session } = execution;
    // Another run may have had its turn in the module.
    if (begun && outcome === undefined) takeOver(session);
    if (session.hands.stepping && !session.module.automaticOptimization) throw insideManualStep();
    const checkpoint = weightsOnly ? captureWeights(session, execution) : captureState(session, execution);
    try {
      if (isRunState(checkpoint)) checkpoint.run.limits = changed(checkpoint.run.limits, limitsOf(this.options));
      for (const callback of this.callbacks) await callback.onSaveCheckpoint?.(this, session.module, checkpoint);
      await session.module.onSaveCheckpoint?.(checkpoint);
      await writeCheckpoint(path, checkpoint);
    } finally {
      disposeState(checkpoint);
    }
  }

  /** Chooses the engine in place of the option `backend`. */
  useEngine(backend: string): void {
    this.options.backend = resolveOptions({ ...this.options, backend } as TrainerOptions).backend;
  }

  /** @internal The runner that drives this trainer now. */
  adopt(runner: Runner): void {
    this.#runner = runner;
  }

  /** BatchNorm's statistics anew, from a pass over the training data that updates nothing else. */
  async recomputeStatistics(): Promise<void> {
    await recomputeStatistics(this.#live('recomputeStatistics'));
  }

  /** Frees what the last fit left: optimizer slots and gradients. The weights stay. */
  dispose(): void {
    this.session?.dispose();
  }

  /** @internal What the last call of fit, validate, test or predict works with: for tuners. */
  get session(): Session | undefined {
    return this.#runner?.execution.session;
  }

  /** @internal How a fit ended, for whoever drove it. */
  result({
    outcome,
    reason,
    ckptPath,
  }: {
    outcome: Outcome;
    reason: string;
    ckptPath?: string | undefined;
  }): FitResult {
    const { epoch, globalStep } = this.progress;
    return {
      outcome: outcome as FitResult['outcome'],
      reason,
      metrics: this.callbackMetrics,
      epochs: epoch,
      steps: globalStep,
      ...(ckptPath === undefined ? {} : { ckptPath }),
    };
  }

  /** The module of the last call. */
  get module(): Module {
    return this.#live('module').module;
  }

  /** What the module's `configureOptimizers` gave; empty before a fit. */
  get optimizers(): Optimizer[] {
    return this.session?.optimizers ?? [];
  }

  /** The schedulers and when they are stepped; empty before a fit. */
  get lrSchedulers(): SchedulerConfig[] {
    return this.session?.schedulers ?? [];
  }

  /** Index of the epoch, from 0; between epochs, that of the next. */
  get currentEpoch(): number {
    return this.progress.epoch;
  }

  /** Optimizer steps done. */
  get globalStep(): number {
    return this.progress.globalStep;
  }

  /** Set it to end training once minEpochs and minSteps are met. */
  get shouldStop(): boolean {
    return this.progress.stopRequested;
  }

  set shouldStop(value: boolean) {
    this.requestStop(value, 'trainer.shouldStop was set');
  }

  /** Like setting `shouldStop`, with the reason that the result of the fit will give. */
  requestStop(value: boolean, reason: string): void {
    this.progress.stopRequested = value;
    this.progress.stopReason = value ? reason : '';
  }

  /** Whether the minima are met, so that a request to stop is obeyed. */
  get mayStop(): boolean {
    const { minEpochs, minSteps } = this.limits;
    return this.progress.epoch >= minEpochs && this.progress.globalStep >= minSteps;
  }

  /** Metrics that callbacks may monitor, the current step's included. */
  get callbackMetrics(): Metrics {
    return { ...this.storedMetrics.callback, ...this.session?.liveMetrics()?.callback };
  }

  /** Metrics as they last went to the loggers. */
  get loggedMetrics(): Metrics {
    return { ...this.storedMetrics.logger };
  }

  /**
   * What the last fit has sent to its loggers, one row for each step, whether there are loggers or not: what curves are
   * drawn from. It goes back with the run, and a fork takes it along. Bounded: older steps get sparser.
   */
  get metricHistory(): MetricRow[] {
    return this.history.rows;
  }

  /** What was logged with `progBar`, by name. */
  get progressBarMetrics(): Metrics {
    return { ...this.storedMetrics.progressBar, ...this.session?.liveMetrics()?.progressBar };
  }

  /** The metrics of the loop that runs: those that its step at hand has logged, at the end of an epoch the epoch's. */
  get currentMetrics(): Metrics {
    return { ...this.session?.liveMetrics()?.callback };
  }

  /** Whether the metrics of the step at hand go to the loggers. */
  get logsAreDue(): boolean {
    return logsAreDue(this);
  }

  /**
   * Sends metrics to the loggers now, in whatever hook; from here on callbacks may monitor them.
   *
   * @param step what they are filed under. Default: the number of batches that have ended with an optimizer step.
   */
  async logMetrics(metrics: Metrics, step = this.progress.steppedBatches): Promise<void> {
    this.keepMetrics({ callback: metrics });
    await sendToLoggers(this, metrics, step);
  }

  /** @internal */
  keepMetrics(report: Partial<Report>): void {
    for (const kind of ['callback', 'logger', 'progressBar'] as const)
      Object.assign(this.storedMetrics[kind], report[kind]);
  }

  /** True in the two validation batches or so that are tried before training. */
  get sanityChecking(): boolean {
    return this.session?.loop === 'sanity';
  }

  /** True while a validation runs, the sanity check included. */
  get validating(): boolean {
    return this.session?.loop === 'validate' || this.session?.loop === 'sanity';
  }

  /** The first ModelCheckpoint, if there is one. */
  get checkpointCallback(): ModelCheckpoint | undefined {
    return this.callbacks.get(ModelCheckpoint);
  }

  /** The first EarlyStopping, if there is one. */
  get earlyStoppingCallback(): EarlyStopping | undefined {
    return this.callbacks.get(EarlyStopping);
  }

  /** Batches of a training epoch; Infinity if the loader does not know. */
  get numTrainingBatches(): number {
    return this.session ? countTrainingBatches(this.session) : 0;
  }

  /** Batches of each loader of the evaluation that runs. */
  get numEvaluationBatches(): number[] {
    return this.session?.numEvaluationBatches ?? [];
  }

  /** Whether the training batch at hand is the epoch's last. */
  get isLastBatch(): boolean {
    return this.session ? isLastBatch(this.session) : false;
  }

  /** Whether the training batch at hand is the last of those whose gradients make one update. */
  get endsWindow(): boolean {
    return this.session ? endsWindow(this.session) : false;
  }

  /** Whether a validation comes right after the training batch at hand. */
  get validationFollows(): boolean {
    return this.session ? validationFollows(this.session) : false;
  }

  /** Whether this fit validates. */
  get validates(): boolean {
    return this.session?.validates ?? false;
  }

  /** Optimizer steps of the whole fit, as far as its limits tell: Infinity if they do not. */
  get estimatedSteppingBatches(): number {
    const { maxEpochs, maxSteps, accumulateGradBatches } = this.limits;
    const byEpochs =
      maxEpochs === -1 ? Infinity : Math.ceil(this.numTrainingBatches / accumulateGradBatches) * maxEpochs;
    return maxSteps === -1 ? byEpochs : Math.min(byEpochs, maxSteps);
  }

  /** 0: one process trains. */
  readonly globalRank = 0;
  /** 1: one process trains. */
  readonly worldSize = 1;
  /** Whether this process writes files and messages: true. */
  readonly isGlobalZero = true;

  /** Says something that the user should know and that does not stop the run. */
  warn(message: string): void {
    if (this.printer) this.printer(`[strobe] ${message}`);
    else console.warn(`[strobe] ${message}`);
  }

  /** Says something that the user asked to be told. */
  print(message: string): void {
    if (this.printer) this.printer(message);
    else console.log(message);
  }

  #live(what: string): Session {
    if (this.session) return this.session;
    throw new ContractError(
      StrobeError.compose(`trainer.${what} was read before there is one.`, {
        expected: 'a trainer that has been given a module',
        received: 'a new trainer',
        hint: 'call trainer.fit(model, data) first',
      }),
    );
  }

  #modelOr(model: Module | undefined): Module {
    return model ?? this.#live('module').module;
  }
}

/** What a fit leaves to one that goes on with it, evaluations in between or not. */
function statesOf({ execution: { session } }: Runner, model: Module): Session['inherited'] {
  if (session.module !== model) return undefined;
  if (session.stage === 'fit') return optimizerStatesOf(session);
  const { inherited } = session;
  session.inherited = undefined;
  return inherited;
}
