import * as core from '@tensorflow/tfjs-core';
import type { SavedProgress, Window } from '../progress.js';
import type { Session } from '../session.js';
import { isLastBatch } from './loaders.js';

/**
 * Decides, once for each batch, how many batches its window is to have. What is gathered already is never dropped: where
 * that is as much as is wanted by now, the batch at hand is the last.
 */
export function sizeWindow(s: Session): void {
  const { window } = s.progress;
  const size = sizeAt(s, s.progress.batchIdx, window.gathered);
  if (window.gathered > 0) divideBy(s, size);
  else window.size = size;
}

function sizeAt({ trainer, numTrainingBatches }: Session, batchIdx: number, gathered: number): number {
  const atMost = gathered + numTrainingBatches - batchIdx; // The last window of an epoch may be shorter.
  return Math.max(gathered + 1, Math.min(trainer.limits.accumulateGradBatches, atMost));
}

/** Gradients so far are the losses' divided by the window's size: another size is another divisor. */
function divideBy(s: Session, size: number): void {
  const { window } = s.progress;
  const factor = window.size / size;
  window.size = size;
  if (factor === 1) return;
  for (const parameter of s.parameters) if (parameter.grad) parameter.grad = core.mul(parameter.grad, factor);
}

/** Where the gradients of a window begin. */
export function startsWindow(s: Session): boolean {
  return s.module.automaticOptimization && s.progress.window.gathered === 0;
}

export function endsWindow(s: Session): boolean {
  const { gathered, size } = s.progress.window;
  return gathered + 1 >= size || isLastBatch(s);
}

/** A loader that does not know its length may end in the middle of a window, whose losses were divided by too many. */
export function correctShortWindow(s: Session): void {
  if (endsWindow(s)) divideBy(s, s.progress.window.gathered + 1);
}

/** The batch at hand has ended. */
export function passWindow(s: Session): void {
  const { window } = s.progress;
  window.gathered = endsWindow(s) ? 0 : window.gathered + 1;
}

/** Of a checkpoint from before windows were saved: then they were told by the index of the batch. */
export function windowByIndex(s: Session, { batchIdx, epochComplete }: SavedProgress): Window {
  const gathered = epochComplete ? 0 : batchIdx % s.trainer.limits.accumulateGradBatches;
  return { gathered, size: sizeAt(s, batchIdx, gathered) };
}
