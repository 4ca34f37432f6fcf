import { z } from 'zod';
import { ContractError, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const isSchedule = (value: unknown): value is Record<number, number> =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(([epoch, count]) => isCount(Number(epoch), 0) && isCount(count, 1));

const isCount = (value: unknown, least: number) => Number.isInteger(value) && (value as number) >= least;

const schema = z.strictObject({
  /** From which epoch on, counted from 0, how many batches make one update: `{ 0: 8, 4: 4 }`. Epoch 0 is 1 if left out. */
  scheduling: z.custom<Record<number, number>>(isSchedule, {
    error: 'epochs from 0 up, each with a number of batches from 1 up, e.g. { 0: 8, 4: 4, 8: 1 }',
  }),
});

/** What GradientAccumulationScheduler takes. @interface */
export type GradientAccumulationSchedulerOptions = z.input<typeof schema>;

/** Changes how many batches' gradients are added up for an update, from epoch to epoch. */
export class GradientAccumulationScheduler extends Callback {
  /** Batches accumulated, by the epoch from which on. */
  readonly scheduling: Readonly<Record<number, number>>;

  constructor(options: GradientAccumulationSchedulerOptions) {
    super();
    const { scheduling } = checkOptions('GradientAccumulationScheduler', schema, options);
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
