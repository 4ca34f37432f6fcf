import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigurationError, ContractError, StrobeError } from '../../errors.js';
import { tell } from '../../loggers/tell.js';
import { normalizeOptimizers } from '../../optim/index.js';
import { hasUnbuiltLayers } from '../../module/walk.js';
import type { Session } from '../session.js';
import { handOver } from '../../tensors/hand-over.js';
import { isTimed } from '../limits.js';
import { applyState, loadIntoCallbacks, underOwnStopRequest, warnOfStrangers } from '../restore.js';
import { trainSourceFor } from './loaders.js';
import { manualBackward, refuseAutomaticOptions, takeSteps } from './manual.js';

/** A callback that the module brings replaces those of its class, and of the classes that one extends. */
export function configureCallbacks(s: Session): void {
  const { module, trainer } = s;
  for (const callback of module.configureCallbacks?.() ?? []) {
    for (const other of trainer.callbacks.slice()) {
      if (callback instanceof other.constructor) trainer.callbacks.remove(other);
    }
    trainer.callbacks.add(callback);
  }
}

export async function prepareData(s: Session): Promise<void> {
  await s.data.dataModule?.prepareData?.();
  await s.module.prepareData?.();
}

export async function setupData(s: Session): Promise<void> {
  await s.data.dataModule?.setup?.(s.stage);
}

export async function teardownData(s: Session): Promise<void> {
  await s.trainSource?.close();
  for (const source of s.evaluationSources) await source.close();
  s.emptyHands();
  if (s.data.release()) await s.data.dataModule?.teardown?.(s.stage);
}

/** Builds layers that wait for their first input, and takes stock of what there is to train. */
export async function configureModel(s: Session): Promise<void> {
  const { module } = s;
  await module.configureModel?.();
  if (module.exampleInput && hasUnbuiltLayers(module)) {
    const { exampleInput } = module;
    tf.tidy(() => void module.forward(...(Array.isArray(exampleInput) ? exampleInput : [exampleInput])));
  }
  s.takeStock();
}

/** Weights and callbacks of the checkpoint this session goes on from: before any user code could see their absence. */
export async function loadCheckpoint(s: Session): Promise<void> {
  if (!s.resume) return;
  const { checkpoint } = s.resume;
  await s.module.onLoadCheckpoint?.(checkpoint);
  // Saved before the layers were built, a run has no weights to give back.
  if (Object.keys(checkpoint.stateDict).length > 0) s.module.loadStateDict(checkpoint.stateDict);
  if (checkpoint.extraState !== undefined) s.module.loadExtraState?.(handOver(checkpoint.extraState));
  if (s.stage !== 'fit') return;
  if (checkpoint.dataModule !== undefined) s.data.dataModule?.loadStateDict?.(handOver(checkpoint.dataModule));
  for (const callback of s.trainer.callbacks) await callback.onLoadCheckpoint?.(s.trainer, s.module, checkpoint);
  loadIntoCallbacks(s, checkpoint.callbacks ?? {});
  warnOfStrangers(s, checkpoint.callbacks ?? {});
}

export function configureOptimizers(s: Session): void {
  const { module, trainer } = s;
  if (!module.trainingStep) throw noTrainingStep(s);
  const config = module.configureOptimizers?.();
  if (config === undefined) {
    trainer.warn(`${module.constructor.name} has no configureOptimizers(): its parameters will not be updated.`);
  }
  const { optimizers, schedulers, warnings } = normalizeOptimizers(config);
  for (const warning of warnings) trainer.warn(warning);
  if (optimizers.length > 1 && module.automaticOptimization) throw severalOptimizers(s, optimizers.length);
  s.optimizers = optimizers;
  s.schedulers = schedulers;
  inherit(s);
  s.manualBackward = (loss) => manualBackward(s, loss);
  if (module.automaticOptimization) return;
  refuseAutomaticOptions(s);
  takeSteps(s);
}

/** Steps are counted when an optimizer takes them: a fit that waits for some without one would go on for ever. */
export function refuseEndless(s: Session): void {
  const { limits, callbacks } = s.trainer;
  const { maxEpochs, maxSteps, minSteps } = limits;
  if (s.optimizers.length > 0 || maxEpochs !== -1 || maxSteps === 0) return;
  const waits = minSteps > 0 || (maxSteps !== -1 && !isTimed(callbacks));
  if (waits) throw endless(s);
}

/** A fit that goes on with the one before goes on with its moments and rates. */
function inherit(s: Session): void {
  if (!s.inherited) return;
  const { optimizerStates, lrSchedulers } = s.inherited;
  s.inherited = undefined;
  optimizerStates.forEach((state, i) => s.optimizers[i]?.loadStateDict(state));
  lrSchedulers.forEach((state, i) => s.schedulers[i]?.scheduler.loadStateDict(state as never));
  tf.dispose(optimizerStates as never);
}

/** Counters, optimizers and schedulers of the checkpoint. */
export async function restore(s: Session): Promise<void> {
  const state = s.resume?.state;
  if (state) await underOwnStopRequest(s.trainer, async () => applyState(s, state));
  await tell(s.trainer.loggers, 'logHyperparams', hyperparameters(s));
  await tell(s.trainer.loggers, 'logGraph', s.module);
}

/** Those of the module and those of the data module. */
function hyperparameters(s: Session): Record<string, unknown> {
  const own = s.module.hparamsToLog;
  const data = s.data.dataModule?.hparams ?? {};
  const conflicts = Object.keys(data).filter((name) => name in own && !isDeepStrictEqual(own[name], data[name]));
  if (conflicts.length === 0) return { ...data, ...own };
  throw new ConfigurationError(
    StrobeError.compose(`Module and data module have different hyper-parameters called ${conflicts.join(', ')}.`, {
      expected: 'the same value in both, or different names',
      received: conflicts.map((name) => `${name}: ${String(own[name])} and ${String(data[name])}`).join('; '),
      hint: 'rename one of them, or leave it out with saveHyperparameters(options, { ignore: [...] })',
    }),
  );
}

export function zeroGrad(s: Session): void {
  if (s.resume?.state) return; // Gradients that were under way belong to the state.
  s.module.zeroGrad();
}

export function wantsSanityCheck(s: Session): boolean {
  return s.trainer.options.numSanityValSteps !== 0 && s.validates && s.progress.totalBatches === 0;
}

export async function trainDataloader(s: Session): Promise<void> {
  s.module.train();
  s.trainSource = await trainSourceFor(s, s.progress.epoch, 0);
  const { valCheckInterval, checkValEveryNEpoch } = s.trainer.limits;
  // A validation that comes this epoch finds its loaders ready, and their mistakes come to light before the training.
  if (s.validates && (s.progress.epoch + 1) % (checkValEveryNEpoch ?? 1) === 0) s.data.loaders('val');
  s.validatedAt = performance.now();
  if (typeof valCheckInterval === 'number' && Number.isInteger(valCheckInterval) && checkValEveryNEpoch !== null) {
    if (valCheckInterval > s.numTrainingBatches) throw neverValidates(s, valCheckInterval);
  }
}

export async function finalizeLoggers(s: Session): Promise<void> {
  const { status } = s.trainer;
  const outcome = status === 'failed' || status === 'interrupted' ? status : 'success';
  await tell(s.trainer.loggers, 'finalize', outcome);
  await s.trainer.profiler?.describe((text) => s.trainer.print(text));
}

function noTrainingStep(s: Session): ContractError {
  const name = s.module.constructor.name;
  return new ContractError(
    StrobeError.compose(`${name} cannot be trained: it has no trainingStep.`, {
      expected: 'a method trainingStep(batch, batchIdx) that returns the loss',
      received: 'none',
      hint: `define it: trainingStep([x, y]) { return tf.losses.softmaxCrossEntropy(y, this.forward(x)); }`,
    }),
  );
}

function endless({ module, trainer }: Session): ConfigurationError {
  const { maxSteps, minSteps } = trainer.limits;
  const name = module.constructor.name;
  return new ConfigurationError(
    StrobeError.compose(`This fit would never end: ${name} has no optimizer, so no steps are counted.`, {
      expected: 'an optimizer, or another end than a number of steps',
      received: `maxEpochs: -1, maxSteps: ${maxSteps}, minSteps: ${minSteps}, and no optimizer`,
      hint: `return one from configureOptimizers(), or set ${minSteps > 0 ? 'maxEpochs' : 'maxEpochs or maxTime'}`,
    }),
  );
}

function severalOptimizers(s: Session, count: number): ContractError {
  return new ContractError(
    StrobeError.compose(`${s.module.constructor.name} configures ${count} optimizers.`, {
      expected: 'one optimizer while the trainer optimizes (it may have several parameter groups)',
      received: String(count),
      hint: 'set this.automaticOptimization = false and step each of them in trainingStep, or use parameter groups',
    }),
  );
}

function neverValidates(s: Session, interval: number): ContractError {
  return new ContractError(
    StrobeError.compose('valCheckInterval is longer than an epoch.', {
      expected: `at most ${s.numTrainingBatches}, the number of training batches`,
      received: String(interval),
      hint: 'lower it, or set checkValEveryNEpoch: null to count batches across epochs',
    }),
  );
}
