import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Module } from '../module/module.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';
import {
  averagingShape,
  WeightAveraging,
  type AveragingMoment,
  type WeightAveragingState,
} from './weight-averaging.js';

const schema = z.strictObject({
  ...averagingShape,
  /** How much of the average stays at an update: `decay * average + (1 - decay) * weights`. */
  decay: z.number().min(0).max(1).default(0.999),
  /** Update after every so many optimizer steps. */
  updateEveryNSteps: z.int().min(1).default(1),
  /** The first step, counted from 0, after which to update. Default: at once. */
  updateStartingAtStep: z.int().min(0).optional(),
  /** The first epoch, counted from 0, after which to update. Default: at once. */
  updateStartingAtEpoch: z.int().min(0).optional(),
});

/** What EMAWeightAveraging takes. @interface */
export type EMAWeightAveragingOptions = z.input<typeof schema>;

/** An exponential moving average of the weights. */
export class EMAWeightAveraging extends WeightAveraging {
  /** How much of the average stays at an update. */
  readonly decay: number;
  /** Optimizer steps from one update to the next. */
  readonly updateEveryNSteps: number;
  /** The first step after which to update; undefined: at once. */
  readonly updateStartingAtStep: number | undefined;
  /** The first epoch after which to update; undefined: at once. */
  readonly updateStartingAtEpoch: number | undefined;
  /** Epochs whose ends it was asked about. */
  #epochs = 0;

  constructor(options: EMAWeightAveragingOptions = {}) {
    const given = checkOptions('EMAWeightAveraging', schema, options);
    const { decay, useBuffers } = given;
    super({
      useBuffers,
      avgFn: (average, current) => tf.add(tf.mul(average, decay), tf.mul(current, 1 - decay)),
    });
    this.decay = decay;
    this.updateEveryNSteps = given.updateEveryNSteps;
    this.updateStartingAtStep = given.updateStartingAtStep;
    this.updateStartingAtEpoch = given.updateStartingAtEpoch;
  }

  override onTrainStart(trainer: Trainer, module: Module): void {
    this.#epochs = Math.min(this.#epochs, trainer.currentEpoch);
    super.onTrainStart(trainer, module);
  }

  /** When it began by the epoch is part of the state, too. */
  override stateDict(): WeightAveragingState & { epochs: number } {
    return { ...super.stateDict(), epochs: this.#epochs };
  }

  override loadStateDict({ epochs, ...state }: WeightAveragingState & { epochs: number }): void {
    super.loadStateDict(state);
    this.#epochs = epochs;
  }

  override shouldUpdate({ stepIdx, epochIdx }: AveragingMoment): boolean {
    if (epochIdx !== undefined) {
      this.#epochs = epochIdx + 1;
      return this.updateStartingAtEpoch === epochIdx;
    }
    const { updateStartingAtStep: step, updateStartingAtEpoch: epoch, updateEveryNSteps } = this;
    if (step !== undefined || epoch !== undefined) {
      const begun = (step !== undefined && stepIdx >= step) || (epoch !== undefined && this.#epochs > epoch);
      if (!begun) return false;
    }
    return stepIdx % updateEveryNSteps === 0;
  }
}
