import { restoreEngineSettings } from '../backend/index.js';
import { CheckpointError, StrobeError } from '../errors.js';
import type { Parameter } from '../module/parameter.js';
import type { Optimizer, OptimizerState } from '../optim/index.js';
import { handOver } from '../tensors/hand-over.js';
import { clonePlain, restoreFields } from '../tensors/plain.js';
import { retain } from '../tensors/share.js';
import { mapTensors, tensorsIn } from '../tensors/tree.js';
import type { Execution } from './execution.js';
import { evaluationSourcesFor, trainSourceFor } from './phases/loaders.js';
import { windowByIndex } from './phases/window.js';
import type { SavedProgress } from './progress.js';
import type { Session } from './session.js';
import type { HandsPart, RunState, Snapshot } from './state.js';
import type { Trainer } from './trainer.js';

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
  Object.assign(trainer.limits, run.limits);
  trainer.progress = clonePlain({ ...run.progress, window: run.progress.window ?? windowByIndex(s, run.progress) });
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

function checkEpoch(s: Session, progress: SavedProgress): void {
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
