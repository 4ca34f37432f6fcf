import type * as tf from '@tensorflow/tfjs-core';
import { ContractError } from '../errors.js';
import { MetricCollection, type LogOptions, type LogSite, type Report } from '../module/metrics.js';
import { attach, namedModules, type Module } from '../module/module.js';
import type { Parameter } from '../module/parameter.js';
import { hasUnbuiltLayers, walk, type Buffer } from '../module/walk.js';
import { retain } from '../tensors/share.js';
import { clipGradients } from '../optim/clip.js';
import type { Optimizer, SchedulerConfig } from '../optim/index.js';
import { disposeAll, tensorsIn } from '../tensors/tree.js';
import type { BatchSource } from './batch-source.js';
import type { Callback } from './callback.js';
import type { DataConnector } from './data-connector.js';
import { disposeGuarded, disposeHands, freshHands, type Hands } from './hands.js';
import { hookDataOf } from './hook-data.js';
import type { Batch, HookData, HookName, Stage } from './hooks.js';
import { siteOf } from './log-sites.js';
import type { Progress } from './progress.js';
import { Replay } from './replay/replay.js';
import type { ResumePoint, RunState } from './state.js';
import { leave } from './tenancy.js';
import type { Trainer } from './trainer.js';

/** The loop that is running: what a module's step is called for. */
export type Loop = 'train' | 'sanity' | 'validate' | 'test' | 'predict';

/** Something that wants to be asked before a step's update is taken over. */
export interface Guard {
  readonly active: boolean;
  /** It has stopped an update. */
  trip(): void;
}

/** One call of fit, validate, test or predict: the data and the working memory that its program acts on. */
export class Session {
  readonly trainer: Trainer;
  readonly module: Module;
  readonly stage: Stage;
  readonly data: DataConnector;
  readonly metrics = { train: new MetricCollection(true), evaluation: new MetricCollection(false) };
  hands: Hands = freshHands();
  loop: Loop;
  parameters: Parameter[] = [];
  buffers: Buffer[] = [];
  optimizers: Optimizer[] = [];
  schedulers: SchedulerConfig[] = [];
  trainSource: BatchSource | undefined;
  evaluationSources: BatchSource[] = [];
  numTrainingBatches = Infinity;
  /** The limit that these were counted with. */
  trainLimit: number | undefined;
  numEvaluationBatches: number[] = [];
  /** What validate and test give back, one record per loader; what predict gives back, one list per loader. */
  results: Record<string, number>[] = [];
  predictions: unknown[][] = [];
  /** The checkpoint this session goes on from. */
  resume: ResumePoint | undefined;
  /** Optimizers' and schedulers' states of the fit before, when this session goes on with it or may be followed by one that does. */
  inherited: Pick<RunState, 'optimizerStates' | 'lrSchedulers'> | undefined;
  /** Whether live metric values are those of the current step, of the whole epoch, or not of a loop at all. */
  metricLevel: 'step' | 'epoch' | undefined;
  /** When the last validation by the clock was, on the clock of `performance.now()`. */
  validatedAt = 0;
  guard: Guard | undefined;
  /** True if a training step that throws may be tried again. */
  postMortem = false;
  /** Whether it is known that nobody looks at the run between a step's forward pass and its update. */
  unattended: () => boolean = () => false;
  readonly replay = new Replay(this);
  /** True once it was said that a request to stop waits for the minima. */
  waitsToStop = false;
  /** True once it was said that overfitting does not shuffle. */
  saidUnshuffled = false;
  /** Why the program ended, in words. */
  endReason = '';
  /** What a module's `manualBackward` does, once there are optimizers. */
  manualBackward: (loss: tf.Scalar) => void = () => {
    throw new ContractError('manualBackward was called outside a fit: call it in trainingStep.');
  };
  #site = 'the constructor';
  #keyed: [string, Callback][] = [];
  #modules: [string, Module][] | undefined;

  constructor(trainer: Trainer, module: Module, stage: Stage, data: DataConnector) {
    this.trainer = trainer;
    this.module = module;
    this.stage = stage;
    this.data = data;
    this.loop = stage === 'fit' ? 'train' : stage;
  }

  get progress(): Progress {
    return this.trainer.progress;
  }

  /** True in a validation, a test, a prediction or a sanity check. */
  get evaluating(): boolean {
    return this.loop !== 'train';
  }

  get collection(): MetricCollection {
    return this.evaluating ? this.metrics.evaluation : this.metrics.train;
  }

  /** Where in the run a draw happens: together with the seed this fixes its value. */
  drawKeys(path: string): (number | string)[] {
    const { epoch, batchIdx, evaluation } = this.progress;
    return [this.trainer.seed, path, epoch, batchIdx, evaluation.dataloaderIdx, evaluation.batchIdx];
  }

  /** Runs user code under the name of its hook or step, for `log` to know where it was called. */
  at<T>(hook: string, f: () => T): T {
    const outer = this.#site;
    this.#site = hook;
    const leave = (): void => {
      this.#site = outer;
    };
    let pending = false;
    try {
      const result = f();
      if (!(result instanceof Promise)) return result;
      pending = true;
      return result.finally(leave) as T;
    } finally {
      if (!pending) leave();
    }
  }

  log(name: string, value: number | tf.Tensor, options: LogOptions): void {
    if (this.trainer.muted) return;
    const { evaluation } = this.progress;
    const site: LogSite = {
      ...siteOf(this.#site),
      batch: this.hands.batch,
      dataloaderIdx: this.evaluating ? evaluation.dataloaderIdx : 0,
      numDataloaders: this.evaluating ? this.evaluationSources.length : 1,
    };
    this.collection.log(name, value, options, site);
    this.replay.logged(name, value, options);
  }

  /** The metrics of the running loop as they stand now. */
  liveMetrics(): Report | undefined {
    if (this.metricLevel === undefined || this.loop === 'sanity') return undefined;
    return this.metricLevel === 'step' ? this.collection.step() : this.collection.epoch();
  }

  /** What a module's hook returned may mean something. */
  answer(hook: HookName, result: unknown): unknown {
    if (hook !== 'onTrainBatchStart') return result;
    const heed = (answer: unknown): void => {
      if (answer === -1) this.progress.epochCut = true;
    };
    if (result instanceof Promise) return result.then(heed);
    heed(result);
    return undefined;
  }

  /** The callbacks with their keys; made anew only when the list has changed. */
  keyedCallbacks(): [string, Callback][] {
    const { callbacks } = this.trainer;
    const same =
      this.#keyed.length === callbacks.length && callbacks.every((callback, i) => callback === this.#keyed[i]?.[1]);
    if (!same) this.#keyed = callbacks.keyed();
    return this.#keyed;
  }

  /** What hooks are told; each looks at what it needs. */
  readonly hookData: HookData = hookDataOf(this);

  get batchIdx(): number {
    const { batchIdx, evaluation } = this.progress;
    return this.evaluating ? evaluation.batchIdx : batchIdx;
  }

  /** From here on the step works on another batch; the one before it belongs to whoever made it. */
  replaceBatch(batch: Batch): void {
    this.hands.batch = batch;
    this.hands.batchReplaced = true;
  }

  /** The step is over: what it held is let go. */
  emptyHands(): void {
    this.replay.settle();
    disposeHands(this.hands);
    this.hands = freshHands();
  }

  releaseGuard(): void {
    const { guarded } = this.hands;
    if (guarded) disposeGuarded(guarded);
    this.hands.guarded = undefined;
  }

  /** Takes note of what there is to train and to save. Layers that are not built yet have nothing of either. */
  takeStock(): void {
    const { parameters, buffers } = hasUnbuiltLayers(this.module) ? { parameters: [], buffers: [] } : walk(this.module);
    this.parameters = parameters;
    this.buffers = buffers;
    this.#modules = namedModules(this.module);
  }

  /** The module and those within it, by path, as they were when stock was taken. */
  get modules(): readonly (readonly [path: string, module: Module])[] {
    return this.#modules ?? namedModules(this.module);
  }

  /** While a forward pass may have to be repeated elsewhere, the weights that it saw must be known. */
  rememberWeights(): void {
    const { tape, before } = this.hands;
    if (!tape) return;
    Object.assign(before, this.handlesOn(this.parameters.filter(({ name }) => !(name in before))));
  }

  /** Makes this session the one that the module's `log`, `trainer` and the like refer to. */
  attach(): void {
    attach(this.module, {
      trainer: this.trainer,
      log: this.log.bind(this),
      manualBackward: (loss) => this.manualBackward(loss),
      clipGradients,
    });
  }

  /** Lets go of everything but the weights. */
  dispose(): void {
    leave(this);
    this.emptyHands();
    this.letGoOfCheckpoint();
    for (const collection of Object.values(this.metrics)) collection.reset();
    disposeAll(tensorsIn(this.inherited));
    this.inherited = undefined;
    for (const optimizer of this.optimizers) optimizer.dispose();
    for (const parameter of this.parameters) parameter.grad = null;
  }

  letGoOfOptimizers(): void {
    for (const optimizer of this.optimizers) optimizer.dispose();
    this.optimizers = [];
    this.schedulers = [];
  }

  /** The checkpoint that this session went on from has served. */
  letGoOfCheckpoint(): void {
    if (this.resume) disposeAll(tensorsIn(this.resume.checkpoint));
    this.resume = undefined;
  }

  /** Handles that keep today's values of these variables, by name. */
  handlesOn(variables: readonly { name: string; variable: tf.Variable }[]): Record<string, tf.Tensor> {
    const handles: Record<string, tf.Tensor> = {};
    for (const { name, variable } of variables) handles[name] = retain(variable as tf.Tensor);
    return handles;
  }

  /** Handles that keep the gradients there are, by parameter. */
  gradientHandles(): Record<string, tf.Tensor> {
    const handles: Record<string, tf.Tensor> = {};
    for (const { name, grad } of this.parameters) if (grad !== null) handles[name] = retain(grad);
    return handles;
  }

  /** True if this fit validates at all. */
  get validates(): boolean {
    return (
      this.module.validationStep !== undefined && this.trainer.limits.limitValBatches !== 0 && this.data.has('val')
    );
  }

  /** Every module's mode, in the order of the walk. */
  modes(): boolean[] {
    return this.modules.map(([, module]) => module.training);
  }

  setModes(modes: boolean[]): void {
    this.modules.forEach(([, module], i) => {
      module.training = modes[i] ?? module.training;
    });
  }
}
