import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { ContractError, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { Average, equalAverage, weightsOf, type AverageFunction } from './average.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** The learning rate to average at; one, or one for each parameter group. */
  swaLrs: z.union([z.number().positive(), z.array(z.number().positive()).min(1)], {
    error: 'a number above 0, or a list of them: one for each parameter group',
  }),
  /** The first epoch that is averaged: a share of `maxEpochs` (below 1), or its number, counted from 1. */
  swaEpochStart: z
    .number()
    .refine((value) => (value >= 0 && value < 1) || (Number.isInteger(value) && value >= 1), {
      error: 'a share below 1, or an epoch from 1 up',
    })
    .default(0.8),
  /** Epochs in which the learning rate moves from what it was to `swaLrs`. */
  annealingEpochs: z.int().min(0).default(10),
  /** The curve on which it moves. */
  annealingStrategy: z.enum(['cos', 'linear']).default('cos'),
  /** How weights enter the average: `(average, current, averaged) => average`. Default: the mean. */
  avgFn: z.custom<AverageFunction>((value) => typeof value === 'function', { error: 'a function' }).optional(),
});

/** What StochasticWeightAveraging takes. @interface */
export type StochasticWeightAveragingOptions = z.input<typeof schema>;

/** What a StochasticWeightAveraging writes into checkpoints. */
export interface StochasticWeightAveragingState {
  /** How many sets of weights are in it, and what they come to. */
  average: { count: number; values: Record<string, tf.Tensor> };
  /** Learning rates as they were when averaging began, one for each group. */
  startLrs: number[];
  /** Epoch of the last update. */
  latestUpdateEpoch: number;
}

/**
 * Averages the weights of the last epochs at a high learning rate (Izmailov et al., 2018). From its first epoch on it sets
 * the learning rate, whatever a scheduler says; after each of these epochs the weights are folded in; at the end of training
 * the module gets the average, and BatchNorm's statistics are computed anew in a pass without updates.
 */
export class StochasticWeightAveraging extends Callback {
  readonly #options: z.output<typeof schema>;
  readonly #average = new Average();
  /** Learning rates as they were when averaging began, one for each group. */
  #startLrs: number[] = [];
  #latestUpdateEpoch = -1;
  #swaStart = 0;

  constructor(options: StochasticWeightAveragingOptions) {
    super();
    this.#options = checkOptions('StochasticWeightAveraging', schema, options);
  }

  /** The first epoch that is averaged, counted from 0. */
  get swaStart(): number {
    return this.#swaStart;
  }

  /** How many epochs are in the average. */
  get averaged(): number {
    return this.#average.count;
  }

  override onFitStart(trainer: Trainer): void {
    const { maxEpochs } = trainer.limits;
    const { swaEpochStart, swaLrs } = this.#options;
    const { optimizers, lrSchedulers } = trainer;
    if (optimizers.length !== 1 || lrSchedulers.length > 1) {
      throw refusal(
        'one optimizer and at most one scheduler',
        `${optimizers.length} optimizers, ${lrSchedulers.length} schedulers`,
        'average each network with a callback of its own, e.g. WeightAveraging',
      );
    }
    const groups = optimizers[0]?.paramGroups.length ?? 0;
    if (Array.isArray(swaLrs) && swaLrs.length !== groups) {
      throw refusal(
        `one of swaLrs for each of ${groups} parameter groups`,
        `${swaLrs.length}`,
        'give one number for all',
      );
    }
    if (swaEpochStart < 1 && maxEpochs === -1) {
      throw refusal(
        'a limit of epochs to take a share of',
        'maxEpochs: -1',
        'give swaEpochStart as the number of an epoch',
      );
    }
    const first = swaEpochStart < 1 ? Math.trunc(maxEpochs * swaEpochStart) : swaEpochStart;
    this.#swaStart = Math.max(first - 1, 0);
  }

  /** First: what others see and do at an epoch's beginning goes by the learning rates of that epoch. */
  override get kind(): CallbackKind {
    return 'tuner';
  }

  /** A fit that begins anew has its epochs averaged and its rates annealed, whatever a former one has come to. */
  override onTrainStart({ currentEpoch }: Trainer): void {
    this.#latestUpdateEpoch = Math.min(this.#latestUpdateEpoch, currentEpoch - 1);
    if (currentEpoch <= this.#swaStart) this.#startLrs = [];
  }

  override onTrainEpochStart(trainer: Trainer): void {
    const [optimizer] = trainer.optimizers;
    if (!optimizer || trainer.currentEpoch < this.#swaStart) return;
    const [scheduler] = trainer.lrSchedulers;
    if (this.#startLrs.length === 0 && scheduler) {
      trainer.print(`Swapping scheduler ${scheduler.scheduler.constructor.name} for that of StochasticWeightAveraging`);
    }
    this.#setRates(trainer);
  }

  /** Again in every batch: a scheduler that steps in between does not count any more, and groups may have come. */
  override onTrainBatchStart(trainer: Trainer): void {
    if (trainer.currentEpoch >= this.#swaStart) this.#setRates(trainer);
  }

  override onTrainEpochEnd(trainer: Trainer, module: Module): void {
    const { currentEpoch, status } = trainer;
    if (status !== 'running' || currentEpoch < this.#swaStart || currentEpoch <= this.#latestUpdateEpoch) return;
    const weights = weightsOf(module, false);
    this.#average.update(weights, this.#options.avgFn ?? equalAverage);
    tf.dispose(weights);
    this.#latestUpdateEpoch = currentEpoch;
  }

  override async onTrainEnd(trainer: Trainer, module: Module): Promise<void> {
    if (trainer.status !== 'running' || this.#average.count === 0) return;
    module.loadStateDict(this.#average.values, { strict: false });
    await trainer.recomputeStatistics();
  }

  override teardown(_trainer: Trainer, _module: Module, stage: string): void {
    if (stage === 'fit') this.#average.dispose();
  }

  override stateDict(): StochasticWeightAveragingState {
    const { count, values } = this.#average.state();
    return {
      average: { count, values },
      startLrs: [...this.#startLrs],
      latestUpdateEpoch: this.#latestUpdateEpoch,
    };
  }

  override loadStateDict({ average, startLrs, latestUpdateEpoch }: StochasticWeightAveragingState): void {
    this.#average.load(average);
    tf.dispose(average.values);
    this.#startLrs = [...startLrs];
    this.#latestUpdateEpoch = latestUpdateEpoch;
  }

  #target(group: number): number {
    const { swaLrs } = this.#options;
    // A group that came later goes where the last one goes.
    return Array.isArray(swaLrs) ? (swaLrs[group] ?? (swaLrs.at(-1) as number)) : swaLrs;
  }

  /** From the old learning rate to swaLrs, by cosine or line. The first averaged epoch still has the old one. */
  #setRates(trainer: Trainer): void {
    const { annealingEpochs, annealingStrategy } = this.#options;
    const epochs = trainer.currentEpoch - this.#swaStart;
    const t = Math.min(1, annealingEpochs === 0 ? epochs : epochs / annealingEpochs);
    const share = annealingStrategy === 'cos' ? (1 - Math.cos(Math.PI * t)) / 2 : t;
    for (const [i, group] of (trainer.optimizers[0]?.paramGroups ?? []).entries()) {
      if (this.#startLrs[i] === undefined) group.initialLr = this.#target(i);
      const from = (this.#startLrs[i] ??= group.lr);
      group.lr = from + (this.#target(i) - from) * share;
    }
  }
}

function refusal(expected: string, received: string, hint: string): ContractError {
  return new ContractError(
    StrobeError.compose('StochasticWeightAveraging cannot be used here.', { expected, received, hint }),
  );
}
