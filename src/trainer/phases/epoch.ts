import { report } from '../reporting.js';
import type { Session } from '../session.js';
import { recount, trainSourceFor } from './loaders.js';
import { stepSchedulersAt } from './schedulers.js';

/** Tests the limits in the order in which they are named when training stops. */
export function hasNextEpoch(s: Session): boolean {
  const { trainer, progress } = s;
  const { maxSteps, maxEpochs } = trainer.limits;
  if (s.numTrainingBatches === 0) return stop(s, 'no training batches');
  if (maxSteps !== -1 && progress.globalStep >= maxSteps) return stop(s, `maxSteps=${maxSteps} reached`);
  if (maxEpochs !== -1 && progress.epoch >= maxEpochs) return stop(s, `maxEpochs=${maxEpochs} reached`);
  if (trainer.shouldStop && trainer.mayStop) return stop(s, progress.stopReason);
  if (trainer.shouldStop) sayThatItGoesOn(s);
  return true;
}

/** A request to stop that has to wait is told of, once. */
function sayThatItGoesOn(s: Session): void {
  if (s.waitsToStop) return;
  s.waitsToStop = true;
  const { minEpochs, minSteps } = s.trainer.limits;
  s.trainer.print(
    `Trainer was signaled to stop but the required minEpochs=${minEpochs} or minSteps=${minSteps} has not been met. Training will continue...`,
  );
}

function stop(s: Session, reason: string): false {
  s.endReason = reason;
  return false;
}

export async function begin(s: Session): Promise<void> {
  const { progress, trainer } = s;
  const { reloadDataloadersEveryNEpochs: every } = trainer.options;
  if (every > 0 && progress.epoch > 0 && progress.epoch % every === 0) s.data.forget('train');
  progress.batchIdx = 0;
  progress.window.gathered = 0;
  progress.epochCut = false;
  progress.epochComplete = false;
  s.trainSource = await trainSourceFor(s, progress.epoch, 0);
}

export function hasNextBatch(s: Session): boolean {
  const { trainer, progress } = s;
  const { maxSteps, limitTrainBatches } = trainer.limits;
  if (progress.epochCut || progress.epochComplete || s.trainSource?.exhausted) return false;
  // Not within a window, whose losses are divided by the batches it was to have.
  if (limitTrainBatches !== s.trainLimit && progress.window.gathered === 0) recount(s);
  if (progress.batchIdx >= s.numTrainingBatches) return false;
  if (maxSteps !== -1 && progress.globalStep >= maxSteps) return false;
  return !(trainer.shouldStop && trainer.mayStop);
}

/** From here on metrics are those of the whole epoch: the hooks at its end may read and monitor them. */
export function closeMetrics(s: Session): void {
  s.metricLevel = 'epoch';
  // An epoch that was asked to stop still counts as one for its schedulers, if it trained at all.
  const { progress, trainer } = s;
  const cut = !progress.epochComplete && !progress.epochCut && progress.batchIdx > 0;
  if (cut && trainer.shouldStop) stepSchedulersAt(s, 'epoch');
}

export async function end(s: Session): Promise<void> {
  const { progress } = s;
  if (progress.epochComplete) stepSchedulersAt(s, 'epoch', 'plateau');
  // Epoch metrics carry the step of the last batch.
  await report(s, 'epoch', Math.max(0, progress.steppedBatches - 1));
  s.metrics.train.reset();
  s.metricLevel = undefined;
  progress.epoch += 1;
  progress.batchIdx = 0;
  progress.epochComplete = false;
  progress.epochCut = false;
}
