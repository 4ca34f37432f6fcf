import { ConfigurationError, ContractError, describe, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';

export interface GradientAccumulationSchedulerOptions {
  /** From which epoch on (counted from 0), how many batches make one update: `{ 0: 8, 4: 4 }`. Epoch 0 is 1 if left out. */
  scheduling: Record<number, number>;
}

/** Changes how many batches' gradients are added up for an update, from epoch to epoch. */
export class GradientAccumulationScheduler extends Callback {
  readonly scheduling: Readonly<Record<number, number>>;

  constructor({ scheduling }: GradientAccumulationSchedulerOptions) {
    super();
    const entries = Object.entries(scheduling ?? {}).map(([epoch, count]) => [Number(epoch), count] as const);
    const wrong = entries.some(([epoch, n]) => !Number.isInteger(epoch) || epoch < 0 || !Number.isInteger(n) || n < 1);
    if (entries.length === 0 || wrong) {
      throw new ConfigurationError(
        StrobeError.compose('new GradientAccumulationScheduler: wrong value for scheduling.', {
          expected: 'epochs from 0 up, each with a number of batches from 1 up',
          received: describe(scheduling),
          hint: 'e.g. scheduling: { 0: 8, 4: 4, 8: 1 }',
        }),
      );
    }
    this.scheduling = { 0: 1, ...scheduling };
  }

  /** How many batches make an update in an epoch. */
  getAccumulateGradBatches(epoch: number): number {
    const from = Object.keys(this.scheduling)
      .map(Number)
      .filter((key) => key <= epoch);
    return this.scheduling[Math.max(...from)] ?? 1;
  }

  /** First: what others do at an epoch's beginning goes by that epoch's accumulation. */
  override get kind(): CallbackKind {
    return 'tuner';
  }

  override onTrainStart(trainer: Trainer, module: Module): void {
    const { accumulateGradBatches } = trainer.options;
    if (!module.automaticOptimization) {
      throw refusal(
        'a module that the trainer optimizes',
        'automaticOptimization = false',
        'accumulate in trainingStep',
      );
    }
    if (accumulateGradBatches !== 1) {
      throw refusal(
        'a trainer with accumulateGradBatches: 1',
        `accumulateGradBatches: ${accumulateGradBatches}`,
        'leave one of the two out',
      );
    }
    const overridden = (['optimizerStep', 'optimizerZeroGrad'] as const).filter((name) => module[name]);
    if (overridden.length > 0 && Object.values(this.scheduling).some((count) => count > 1)) {
      trainer.warn(
        `GradientAccumulationScheduler: ${module.constructor.name} has its own ${overridden.join(' and ')}.`,
      );
    }
  }

  override onTrainEpochStart(trainer: Trainer): void {
    trainer.limits.accumulateGradBatches = this.getAccumulateGradBatches(trainer.currentEpoch);
  }
}

function refusal(expected: string, received: string, hint: string): ContractError {
  return new ContractError(
    StrobeError.compose('GradientAccumulationScheduler cannot be used here.', { expected, received, hint }),
  );
}
