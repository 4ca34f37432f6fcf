import type { Trainer } from '../../trainer/trainer.js';

/** What makes a ModelCheckpoint save; 0 and undefined switch a trigger off. */
export interface Triggers {
  everyNTrainSteps: number;
  everyNEpochs: number;
  /** Milliseconds of training between two checkpoints. */
  trainTimeInterval: number | undefined;
}

/** Epochs are the trigger unless another one was asked for. */
export function triggersOf(given: { [T in keyof Triggers]?: Triggers[T] | undefined }): Triggers {
  const { everyNTrainSteps, everyNEpochs, trainTimeInterval } = given;
  const nothingGiven = everyNTrainSteps === undefined && everyNEpochs === undefined && trainTimeInterval === undefined;
  return {
    everyNTrainSteps: everyNTrainSteps ?? 0,
    everyNEpochs: everyNEpochs ?? (nothingGiven ? 1 : 0),
    trainTimeInterval,
  };
}

/** How many of the triggers are switched on. */
export function countTriggers({ everyNTrainSteps, everyNEpochs, trainTimeInterval }: Triggers): number {
  return Number(everyNTrainSteps > 0) + Number(everyNEpochs > 0) + Number(trainTimeInterval !== undefined);
}

export function stepIsDue({ everyNTrainSteps }: Triggers, globalStep: number): boolean {
  return everyNTrainSteps > 0 && globalStep % everyNTrainSteps === 0;
}

export function timeIsDue({ trainTimeInterval }: Triggers, elapsed: number): boolean {
  return trainTimeInterval !== undefined && elapsed >= trainTimeInterval;
}

export function epochIsDue({ everyNEpochs }: Triggers, epoch: number): boolean {
  return everyNEpochs > 0 && (epoch + 1) % everyNEpochs === 0;
}

/** Whether an epoch's checkpoint belongs to its end, rather than to a validation that knows newer metrics. */
export function belongsToEpochEnd(trainer: Trainer): boolean {
  const { valCheckInterval, checkValEveryNEpoch } = trainer.limits;
  if (!trainer.validates) return true;
  return checkValEveryNEpoch === 1 && valCheckInterval === undefined;
}
