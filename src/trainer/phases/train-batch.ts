import type * as tf from '@tensorflow/tfjs-core';
import * as core from '@tensorflow/tfjs-core';
import { watchForAnomalies } from '../../autograd/anomaly.js';
import { record, type Tape } from '../../autograd/tape.js';
import { stepEngine } from '../../backend/steps.js';
import { ContractError, describe, StrobeError } from '../../errors.js';
import { clipGradients as clip } from '../../optim/clip.js';
import type { Optimizer } from '../../optim/index.js';
import { disposeAll, isPlainRecord } from '../../tensors/tree.js';
import { milliseconds } from '../duration.js';
import type { StepOutputs } from '../hooks.js';
import type { Replayed } from '../replay/redo.js';
import type { Session } from '../session.js';
import { report } from '../reporting.js';
import { addGradients, checkFinite, where } from './gradients.js';
import { checkGuard, guardGradients } from './guard.js';
import { transferred } from './batches.js';
import { isLastBatch } from './loaders.js';
import { stepSchedulersAt } from './schedulers.js';
import { correctShortWindow, endsWindow, passWindow } from './window.js';

/** The next batch of the training loader, as the module's transfer hooks leave it. */
export async function fetch(s: Session): Promise<void> {
  const source = s.trainSource;
  if (!source) throw new Error('The training loader was not set up.');
  s.metricLevel = 'step';
  const { batch, owned } = await source.take();
  s.hands.batch = transferred(s, batch, 0);
  s.hands.batchTensors = owned;
}

/** False when `onTrainBatchStart` said -1: the epoch's training ends here. */
export function accepted(s: Session): boolean {
  return !s.progress.epochCut;
}

/** A step that optimizes by hand may have changed weights before it failed: it is not tried again. */
export function isAutomatic(s: Session): boolean {
  return s.module.automaticOptimization;
}

/** Runs `trainingStep` and keeps the tape for the backward pass. */
export function forward(s: Session): void {
  const { module, hands } = s;
  const { batchIdx } = s.progress;
  disposeAll(Object.values(hands.before)); // What an attempt that failed has left.
  if (s.replay.run()) return;
  hands.before = s.handlesOn(s.buffers);
  hands.stepping = true;
  const metrics = s.postMortem ? s.metrics.train.state() : undefined;
  try {
    const { result, owned, tape } = record(() =>
      watched(s, 'the forward pass', () => s.at('trainingStep', () => module.trainingStep?.(hands.batch, batchIdx))),
    );
    hands.outputTensors = owned;
    keepOutputs(s, result, tape);
    s.replay.stepped();
  } catch (error) {
    // Tried again, the step logs again.
    if (metrics) s.metrics.train.load(metrics);
    throw error;
  } finally {
    hands.stepping = false;
  }
}

function keepOutputs(s: Session, result: unknown, tape: Tape): void {
  const { module, hands } = s;
  if (module.automaticOptimization) hands.tape = tape;
  else {
    tape.dispose();
    hands.outputs = manualOutputs(result, s);
    hands.loss = (hands.outputs as StepOutputs).loss;
    return;
  }
  const outputs = outputsOf(result, s);
  hands.outputs = outputs;
  if (!outputs.loss) return;
  hands.lossScale = 1 / s.progress.window.size;
  hands.loss = outputs.loss;
  if (hands.lossScale === 1) return;
  // What hooks see is what is differentiated: the loss divided by the batches whose gradients are added up.
  hands.loss = core.mul(outputs.loss, hands.lossScale);
  hands.outputTensors.push(hands.loss);
}

/** A step that goes backward itself may return anything, or nothing. */
function manualOutputs(result: unknown, s: Session): StepOutputs {
  if (result instanceof Promise) throw asynchronous(s, result);
  if (result instanceof core.Tensor) return { loss: result as tf.Scalar };
  return isPlainRecord(result) ? result : {};
}

function outputsOf(result: unknown, s: Session): StepOutputs {
  if (result === undefined || result === null) return {};
  if (result instanceof Promise) throw asynchronous(s, result);
  if (result instanceof core.Tensor) return { loss: scalar(result, s) };
  if (isPlainRecord(result)) {
    if (result['loss'] === undefined) throw noLoss(result, s);
    return { ...result, loss: scalar(result['loss'], s) };
  }
  throw noLoss(result, s);
}

function scalar(loss: unknown, s: Session): tf.Scalar {
  if (loss instanceof core.Tensor && loss.size === 1 && loss.dtype === 'float32') return loss as tf.Scalar;
  throw noLoss(loss, s);
}

export function zeroGrad(s: Session): void {
  const { module, progress } = s;
  for (const optimizer of s.optimizers) {
    if (module.optimizerZeroGrad) {
      const { epoch, batchIdx } = progress;
      s.at('optimizerZeroGrad', () => module.optimizerZeroGrad?.(epoch, batchIdx, optimizer));
    } else optimizer.zeroGrad();
  }
}

export function hasLoss(s: Session): boolean {
  return s.module.automaticOptimization && s.hands.loss !== undefined;
}

/** Walks the tape; adds each gradient to what its parameter has from earlier batches of the window. */
export function backward(s: Session): void {
  const { tape, loss, lossScale, replayed } = s.hands;
  if (replayed) {
    for (const { parameter, gradient } of replayed.gradients) parameter.grad = gradient;
    return;
  }
  if (!tape || !loss) throw new Error('There is no forward pass to go back through.');
  const { loss: undivided } = s.hands.outputs as StepOutputs;
  watched(s, 'the backward pass', () =>
    addGradients(s, (variables) => tape.gradients(undivided as tf.Scalar, variables, lossScale)),
  );
  s.hands.tape = undefined;
  correctShortWindow(s);
}

/** An update ends the window; the epoch's last batch ends it early. A step without a loss updates nothing. */
export function updates(s: Session): boolean {
  return s.optimizers.length > 0 && hasLoss(s) && endsWindow(s);
}

export function clipGradients(s: Session): void {
  const { module } = s;
  if (s.hands.replayed) return; // Its gradients are what they were after clipping.
  guardGradients(s);
  const { gradientClipVal, gradientClipAlgorithm } = s.trainer.limits;
  for (const optimizer of s.optimizers) {
    if (module.configureGradientClipping) {
      s.at('configureGradientClipping', () => module.configureGradientClipping?.(optimizer));
    } else if (gradientClipVal !== undefined) clip(optimizer, gradientClipVal, gradientClipAlgorithm);
  }
}

export function update(s: Session): void {
  const { module, progress } = s;
  const { epoch, batchIdx } = progress;
  const apply = (optimizer: Optimizer): void => {
    // Not sooner: a lazy engine computes forward pass, backward pass and update in one go when the loss is read.
    optimizer.confirm = () => {
      checkGuard(s);
      checkLoss(s);
      // Where these had been computed before, the update has not. What fails must do so before it is taken over.
      stepEngine()?.compute();
    };
    optimizer.observer = (updates) => s.replay.updating(updates);
    try {
      if (s.hands.replayed) takeOverReplayed(s, optimizer, s.hands.replayed);
      else if (module.optimizerStep) s.at('optimizerStep', () => module.optimizerStep?.(epoch, batchIdx, optimizer));
      else optimizer.step();
    } finally {
      optimizer.confirm = undefined;
      optimizer.observer = undefined;
    }
    progress.globalStep += 1;
  };
  watched(s, 'the update', () => s.optimizers.forEach(apply));
  s.releaseGuard();
  checkLoss(s); // A step that was overridden may have updated nothing.
}

function takeOverReplayed(s: Session, optimizer: Optimizer, { updates }: Replayed): void {
  checkLoss(s);
  optimizer.takeOver(updates);
  s.hands.replayed = undefined;
}

export function stepSchedulers(s: Session): void {
  if (endsWindow(s)) stepSchedulersAt(s, 'step');
  if (isLastBatch(s)) stepSchedulersAt(s, 'epoch');
}

export function stepPlateauSchedulers(s: Session): void {
  stepSchedulersAt(s, 'step', 'plateau');
}

function checkLoss(s: Session): void {
  const { loss } = s.hands.outputs as StepOutputs;
  if (loss) checkFinite(loss, s);
}

/** The batch is done: its step metrics go out, what it held is disposed, the counters move on. */
export async function end(s: Session): Promise<void> {
  const { progress } = s;
  if (progress.epochCut) {
    // The refused batch was not trained on; schedulers of the epoch step all the same.
    stepSchedulersAt(s, 'epoch');
    s.emptyHands();
    return;
  }
  if (!updates(s)) checkLoss(s);
  await report(s, 'step', progress.steppedBatches);
  if (endsWindow(s)) progress.steppedBatches += 1;
  passWindow(s);
  progress.epochComplete = isLastBatch(s);
  s.emptyHands();
  progress.batchIdx += 1;
  progress.totalBatches += 1;
}

/** Whether a validation belongs after the batch that has just ended. */
export function validationDue(s: Session): boolean {
  const { batchIdx, totalBatches, epochComplete } = s.progress;
  const due = validationBelongsAfter(s, batchIdx, totalBatches, epochComplete);
  // Validations by the clock are counted from the last one, or from the beginning of training.
  if (due) s.validatedAt = performance.now();
  return due;
}

/** Whether a validation will follow the batch at hand, as far as can be told before it has ended. */
export function validationFollows(s: Session): boolean {
  const { batchIdx, totalBatches } = s.progress;
  return validationBelongsAfter(s, batchIdx + 1, totalBatches + 1, isLastBatch(s));
}

function validationBelongsAfter(s: Session, batches: number, totalBatches: number, epochComplete: boolean): boolean {
  const { trainer, progress } = s;
  const { limits } = trainer;
  if (progress.epochCut || !s.validates) return false;
  const everyN = limits.checkValEveryNEpoch;
  if (everyN !== null && (progress.epoch + 1) % everyN !== 0) return false;
  if (trainer.shouldStop && trainer.mayStop) return true;
  const { valCheckInterval } = limits;
  if (valCheckInterval === undefined) return epochComplete;
  if (typeof valCheckInterval !== 'number')
    return performance.now() - s.validatedAt >= milliseconds(valCheckInterval, 'valCheckInterval');
  const every = Number.isInteger(valCheckInterval)
    ? valCheckInterval
    : Math.max(1, Math.trunc(s.numTrainingBatches * valCheckInterval));
  return (everyN === null ? totalBatches : batches) % every === 0;
}

/** With `detectAnomaly`, every operation is looked at. */
function watched<T>(s: Session, part: string, work: () => T): T {
  return s.trainer.options.detectAnomaly ? watchForAnomalies(`${part} of ${where(s)}`, work) : work();
}

function noLoss(received: unknown, s: Session): ContractError {
  return new ContractError(
    StrobeError.compose(`trainingStep of ${s.module.constructor.name} gave no usable loss at ${where(s)}.`, {
      expected: 'a float32 scalar, or a record with one as `loss`; nothing at all skips the batch',
      received: describe(received),
      hint:
        received instanceof core.Tensor
          ? 'reduce it, e.g. with tf.mean(loss)'
          : 'return the loss: return loss; or return { loss, logits };',
    }),
  );
}

function asynchronous(s: Session, result: Promise<unknown>): ContractError {
  // Whatever it rejects with comes after the error that matters, and must not end the process.
  result.catch(() => undefined);
  return new ContractError(
    StrobeError.compose(`trainingStep of ${s.module.constructor.name} returned a promise.`, {
      expected: 'a loss: TensorFlow.js records gradients only while synchronous code runs',
      received: 'a promise (is it declared async?)',
      hint:
        'write `trainingStep(batch) { ... }` without async and await; load data in the DataLoader, and do what must wait in a ' +
        'hook such as onTrainBatchStart',
    }),
  );
}
