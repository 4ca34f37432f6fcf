import type * as tf from '@tensorflow/tfjs-core';
import { engineSettings, type EngineSettings } from '../backend/index.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Metrics, MetricsState } from '../module/metrics.js';
import type { OptimizerState } from '../optim/index.js';
import { handOver } from '../tensors/hand-over.js';
import { clonePlain, plainFields } from '../tensors/plain.js';
import { retain } from '../tensors/share.js';
import { disposeAll, mapTensors, tensorsIn } from '../tensors/tree.js';
import { STROBE_VERSION } from '../version.js';
import type { Execution, Place } from './execution.js';
import type { Stage } from './hooks.js';
import type { SavedProgress } from './progress.js';
import type { Loop, Session } from './session.js';
import { plainLimits, type Limits } from './limits.js';
import type { MetricMark } from './metric-history.js';

/** The part of a run that is neither weights nor optimizers nor callbacks: where it stands, and what it holds there. */
export interface RunPart {
  place: Place;
  stage: Stage;
  seed: number;
  progress: SavedProgress;
  /** Every limit as it was; on disk only those that were changed after the trainer was made. */
  limits: Partial<Limits>;
  loop: Loop;
  metricLevel: Session['metricLevel'];
  endReason: string;
  modes: boolean[];
  frozen: string[];
  metrics: { train: MetricsState; evaluation: MetricsState; callback: Metrics; logger: Metrics; progressBar: Metrics };
  /** Gradients that exist at this point, by parameter. */
  gradients: Record<string, tf.Tensor>;
  hands: HandsPart | undefined;
  loggers: unknown[];
  /** What computed it; going on takes the same number of threads, which decides the last bits. */
  engine?: EngineSettings;
}

/** What a step holds. The batch comes from the loader again, and the tape from a second forward pass. */
export interface HandsPart {
  /** Only if a hook or a paused user replaced it. */
  batch?: unknown;
  forwardDone: boolean;
  tapeOpen: boolean;
  lossScale: number;
  outputs?: unknown;
  loss?: tf.Scalar | undefined;
  before: Record<string, tf.Tensor>;
}

/** A checkpoint that a session goes on from; `state` is absent if the file holds weights only. */
export interface ResumePoint {
  checkpoint: Checkpoint;
  state: RunState | undefined;
}

/** All of a run, in memory: the one definition that rewinding, forking and files share. */
export interface RunState extends Checkpoint {
  optimizerStates: OptimizerState[];
  lrSchedulers: unknown[];
  callbacks: Record<string, object>;
  run: RunPart;
}

/**
 * Where a run stood, with everything that it needs to come back: `run.restore(snapshot)`. In memory only; beside what a
 * checkpoint holds it has the fields of callbacks and module that nobody was asked to write down.
 */
export interface Snapshot {
  /** @internal */
  readonly state: RunState;
  /** @internal */
  readonly fields: { callbacks: Map<object, Record<string, unknown>>; module: Record<string, unknown> };
  /** @internal Where the history of metrics stood. */
  readonly history: MetricMark;
  /** Bytes of the tensors it keeps alive, if nothing else did. */
  readonly bytes: number;
  /** Lets go of the tensors. The snapshot is not used again. */
  dispose(): void;
}

/** Whether a checkpoint holds a whole run, or weights only. */
export function isRunState(checkpoint: Checkpoint): checkpoint is RunState {
  return checkpoint.run !== undefined && checkpoint.optimizerStates !== undefined;
}

/** Takes down everything. The tensors are handles of its own: dispose the state when done. */
export function captureState(s: Session, execution: Execution): RunState {
  // On the way back to a place nothing, or not everything, is in place again: the run is what it goes on from.
  if (execution.reentering && s.resume?.state) return mapTensors(s.resume.state, retain) as RunState;
  return {
    ...captureWeights(s, execution),
    callbacks: callbackStates(s),
    ...optimizerStatesOf(s),
    ...(s.data.dataModule?.stateDict ? { dataModule: handOver(s.data.dataModule.stateDict()) } : {}),
    run: captureRun(s, execution),
  };
}

/** What a weights-only checkpoint holds. */
export function captureWeights(s: Session, execution: Execution): Checkpoint {
  if (execution.reentering && s.resume?.state) return weightsOf(s.resume.state);
  const { module, progress } = s;
  if (s.parameters.length === 0) s.takeStock();
  return {
    format: 1,
    strobeVersion: STROBE_VERSION,
    epoch: progress.epoch,
    globalStep: progress.globalStep,
    stateDict: s.handlesOn([...s.parameters, ...s.buffers]),
    ...(module.extraState ? { extraState: handOver(module.extraState()) } : {}),
    ...(Object.keys(module.hparams).length > 0 ? { hyperParameters: handOver(module.hparams) } : {}),
  };
}

/** States of optimizers and schedulers; those of the fit before until there are any. The tensors are the caller's. */
export function optimizerStatesOf(s: Session): Pick<RunState, 'optimizerStates' | 'lrSchedulers'> {
  if (s.inherited) return mapTensors(s.inherited, retain) as typeof s.inherited;
  return {
    optimizerStates: s.optimizers.map((optimizer) => optimizer.stateDict()),
    lrSchedulers: s.schedulers.map(({ scheduler }) => clonePlain(scheduler.stateDict())),
  };
}

function weightsOf(state: RunState): Checkpoint {
  const { callbacks: _1, optimizerStates: _2, lrSchedulers: _3, dataModule: _4, run: _5, ...weights } = state;
  return mapTensors(weights, retain) as Checkpoint;
}

export function callbackStates(s: Session): Record<string, object> {
  const states = s.keyedCallbacks().map(([key, callback]) => [key, handOver(callback.stateDict?.() ?? {})] as const);
  return Object.fromEntries(states.filter(([, state]) => Object.keys(state).length > 0));
}

function captureRun(s: Session, execution: Execution): RunPart {
  const { trainer } = s;
  const { callback, logger, progressBar } = trainer.storedMetrics;
  const engine = engineSettings();
  return {
    place: execution.place,
    stage: s.stage,
    seed: trainer.seed,
    progress: clonePlain(s.progress),
    limits: plainLimits(trainer.limits),
    loop: s.loop,
    metricLevel: s.metricLevel,
    endReason: s.endReason,
    modes: s.modes(),
    frozen: s.parameters.filter(({ requiresGrad }) => !requiresGrad).map(({ name }) => name),
    metrics: {
      train: s.metrics.train.state(),
      evaluation: s.metrics.evaluation.state(),
      callback: { ...callback },
      logger: { ...logger },
      progressBar: { ...progressBar },
    },
    gradients: s.gradientHandles(),
    hands: captureHands(s),
    loggers: trainer.loggers.map((each) => each.stateDict?.()),
    ...(engine ? { engine } : {}),
  };
}

function captureHands(s: Session): HandsPart | undefined {
  const { batch, batchReplaced, outputs, loss, lossScale, tape, before } = s.hands;
  if (batch === undefined) return undefined;
  const forwardDone = outputs !== undefined;
  const keep = (tree: unknown) => mapTensors(tree, retain);
  return {
    ...(batchReplaced ? { batch: keep(batch) } : {}),
    forwardDone,
    tapeOpen: tape !== undefined,
    lossScale,
    // With the tape still open the outputs come from the repeated forward pass, together with it.
    ...(forwardDone && !tape ? { outputs: keep(outputs), loss: loss && retain(loss) } : {}),
    before: tape ? (keep(before) as Record<string, tf.Tensor>) : {},
  };
}

export function disposeState(state: Checkpoint): void {
  disposeAll(tensorsIn(state));
}

export function takeSnapshot(s: Session, execution: Execution): Snapshot {
  const state = captureState(s, execution);
  const fields = {
    callbacks: new Map(s.trainer.callbacks.map((callback) => [callback as object, plainFields(callback)])),
    module: plainFields(s.module),
  };
  const tensors = tensorsIn(state);
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.size * bytesOf(tensor.dtype), 0);
  return { state, fields, history: s.trainer.history.mark, bytes, dispose: () => disposeAll(tensors) };
}

function bytesOf(dtype: tf.DataType): number {
  return dtype === 'bool' ? 1 : 4;
}
