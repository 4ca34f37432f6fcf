import type * as tf from '@tensorflow/tfjs-core';
import { engineSettings, restoreEngineSettings, type EngineSettings } from '../backend/index.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { CheckpointError, StrobeError } from '../errors.js';
import type { Metrics, MetricsState } from '../module/metrics.js';
import type { Parameter } from '../module/parameter.js';
import type { Optimizer, OptimizerState } from '../optim/index.js';
import { handOver } from '../tensors/hand-over.js';
import { clonePlain, plainFields, restoreFields } from '../tensors/plain.js';
import { retain } from '../tensors/share.js';
import { disposeAll, mapTensors, tensorsIn } from '../tensors/tree.js';
import { STROBE_VERSION } from '../version.js';
import type { Execution, Place } from './execution.js';
import type { Stage } from './hooks.js';
import type { Progress } from './progress.js';
import type { Loop, Session } from './session.js';
import { evaluationSourcesFor, trainSourceFor } from './phases/loaders.js';
import type { Limits } from './limits.js';
import type { MetricMark } from './metric-history.js';
import type { Trainer } from './trainer.js';

/** The part of a run that is neither weights nor optimizers nor callbacks: where it stands, and what it holds there. */
export interface RunPart {
  place: Place;
  stage: Stage;
  seed: number;
  progress: Progress;
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
interface HandsPart {
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
    limits: { ...trainer.limits },
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

/** Puts a session in a state's place, all but the step's hands: those need the loader and a forward pass. */
export async function applyState(s: Session, state: RunState): Promise<void> {
  const { trainer, module } = s;
  const { run } = state;
  checkEpoch(s, run.progress);
  if (Object.keys(state.stateDict).length > 0) module.loadStateDict(state.stateDict);
  if (state.extraState !== undefined) module.loadExtraState?.(handOver(state.extraState));
  expectCount('optimizers', s.optimizers.length, state.optimizerStates.length);
  expectCount('schedulers', s.schedulers.length, state.lrSchedulers.length);
  state.optimizerStates.forEach((optimizer, i) => {
    const own = s.optimizers[i];
    if (!own) return;
    matchGroups(own, optimizer, s.parameters);
    own.loadStateDict(optimizer);
  });
  state.lrSchedulers.forEach((scheduler, i) =>
    s.schedulers[i]?.scheduler.loadStateDict(clonePlain(scheduler) as never),
  );
  if (run.engine) restoreEngineSettings(run.engine);
  trainer.seed = run.seed;
  trainer.progress = clonePlain(run.progress);
  Object.assign(trainer.limits, run.limits);
  s.loop = run.loop;
  s.metricLevel = run.metricLevel;
  s.endReason = run.endReason;
  s.setModes(run.modes);
  const frozen = new Set(run.frozen);
  for (const parameter of s.parameters) {
    parameter.requiresGrad = !frozen.has(parameter.name);
    const gradient = run.gradients[parameter.name];
    parameter.grad = gradient ? retain(gradient) : null;
  }
  s.metrics.train.load(run.metrics.train);
  s.metrics.evaluation.load(run.metrics.evaluation);
  trainer.storedMetrics = {
    callback: { ...run.metrics.callback },
    logger: { ...run.metrics.logger },
    progressBar: { ...run.metrics.progressBar },
  };
}

export function loadIntoCallbacks(s: Session, states: Record<string, object>): void {
  const own = s.keyedCallbacks();
  for (const [key, callback] of own) {
    const state = states[key];
    if (state) callback.loadStateDict?.(handOver(state) as never);
  }
}

export function warnOfStrangers(s: Session, states: Record<string, object>): void {
  const known = new Set(s.keyedCallbacks().map(([key]) => key));
  const left = Object.keys(states).filter((key) => !known.has(key));
  if (left.length > 0) {
    s.trainer.warn(`The checkpoint holds state of callbacks that this trainer does not have: ${left.join(', ')}.`);
  }
}

/**
 * Going on in a new fit: how long to train is for the trainer that goes on to say. A request to stop that was saved is
 * forgotten (whoever made it looks again at what it is made of), one that was made since the fit began stands.
 */
export async function underOwnStopRequest(trainer: Trainer, restore: () => Promise<void>): Promise<void> {
  const { stopRequested, stopReason } = trainer.progress;
  await restore();
  trainer.requestStop(stopRequested, stopReason);
}

/** Brings back what the step at hand held: its batch from the loader, its tape and outputs from a second forward pass. */
export async function arrive(s: Session, execution: Execution, state: RunState): Promise<void> {
  await applyState(s, state);
  loadIntoCallbacks(s, state.callbacks);
  s.emptyHands();
  const { run } = state;
  const { epoch, batchIdx, evaluation } = s.progress;
  if (run.stage === 'fit' && s.data.has('train')) {
    await s.trainSource?.close();
    s.trainSource = await trainSourceFor(s, epoch, batchIdx);
  }
  if (s.evaluating) await evaluationSourcesFor(s, evaluation.dataloaderIdx, evaluation.batchIdx);
  if (run.hands) await rebuildHands(s, execution, run.place.path, run.hands);
  if (run.hands?.tapeOpen) await applyState(s, state); // The forward pass may have moved buffers and fields.
}

async function rebuildHands(s: Session, execution: Execution, path: string, part: HandsPart): Promise<void> {
  const { trainer, module } = s;
  trainer.muted = true;
  try {
    await execution.repeat(path, 'fetchBatch');
    if ('batch' in part) {
      s.hands.batch = mapTensors(part.batch, retain);
      s.hands.batchTensors.push(...tensorsIn(s.hands.batch));
      s.hands.batchReplaced = true;
    }
    if (part.tapeOpen) {
      module.loadStateDict(part.before, { strict: false });
      await execution.repeat(path, 'trainingStep');
    } else if (part.forwardDone) {
      s.hands.outputs = mapTensors(part.outputs, retain);
      s.hands.loss = part.loss && retain(part.loss);
      s.hands.outputTensors = tensorsIn([s.hands.outputs, s.hands.loss]);
    }
    s.hands.lossScale = part.lossScale;
  } finally {
    trainer.muted = false;
  }
}

export function restoreSnapshotFields(s: Session, { fields, history }: Snapshot): void {
  s.trainer.history.mark = history;
  for (const callback of s.trainer.callbacks) {
    const own = fields.callbacks.get(callback);
    if (own) restoreFields(callback, own);
  }
  restoreFields(s.module, fields.module);
}

function checkEpoch(s: Session, progress: Progress): void {
  const { maxEpochs } = s.trainer.limits;
  if (s.stage !== 'fit' || maxEpochs === -1 || progress.epoch <= maxEpochs) return;
  throw new CheckpointError(
    StrobeError.compose(`The checkpoint has completed ${progress.epoch} epochs, more than the trainer is to run.`, {
      expected: `at most maxEpochs: ${maxEpochs}`,
      received: `epoch ${progress.epoch}`,
      hint: 'raise maxEpochs to go on training, or load only the weights with Module.loadFromCheckpoint',
    }),
  );
}

/** Parameter groups that came while training are there in one state and not in another. */
function matchGroups(
  optimizer: Optimizer,
  { paramGroups: saved }: OptimizerState,
  parameters: readonly Parameter[],
): void {
  const { paramGroups } = optimizer;
  if (paramGroups.length > saved.length) paramGroups.splice(saved.length);
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  for (const group of saved.slice(paramGroups.length)) {
    const params = group.params.flatMap((name) => byName.get(name) ?? []);
    if (params.length === group.params.length) optimizer.addParamGroup({ params });
  }
}

function expectCount(what: string, here: number, there: number): void {
  // None at all: saved before they were configured.
  if (here === there || there === 0) return;
  throw new CheckpointError(
    StrobeError.compose(`The checkpoint does not fit this module's ${what}.`, {
      expected: `${here} ${what}, as configureOptimizers() gives`,
      received: `${there}`,
      hint: 'configure the optimizers as they were when the checkpoint was saved',
    }),
  );
}
