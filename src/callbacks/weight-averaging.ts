import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Module } from '../module/module.js';
import { retain } from '../tensors/share.js';
import { Callback } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { Average, equalAverage, weightsOf, type AverageFunction } from './average.js';
import { checkOptions } from './options.js';

/** At which moment an average may be updated: after an optimizer step, or at the end of an epoch; both count from 0. */
export type AveragingMoment = { stepIdx: number; epochIdx?: undefined } | { stepIdx?: undefined; epochIdx: number };

export const averagingShape = {
  /** Average BatchNorm's statistics and other buffers, too. */
  useBuffers: z.boolean().default(true),
};

const schema = z.strictObject({
  ...averagingShape,
  /** How weights enter the average: `(average, current, averaged) => average`. Default: the mean. */
  avgFn: z.custom<AverageFunction>((value) => typeof value === 'function', { error: 'a function' }).optional(),
});

/** What WeightAveraging takes. @interface */
export type WeightAveragingOptions = z.input<typeof schema>;

/** What a WeightAveraging writes into checkpoints. */
export interface WeightAveragingState {
  /** How many sets of weights are in it, and what they come to. */
  average: { count: number; values: Record<string, tf.Tensor> };
  /** Optimizer steps done at the last update. */
  latestUpdateStep: number;
  /** Epoch of the last update; -1: none yet. */
  latestUpdateEpoch: number;
  /** During a validation: the weights that training goes on with. */
  live: Record<string, tf.Tensor>;
}

/**
 * Keeps an average of the weights while they are trained. Validation sees the average, checkpoints hold it as the weights (and
 * what training goes on with beside it), and at the end of training the module has it. Override `shouldUpdate` to choose when
 * the average is updated; by default it is after every optimizer step.
 */
export class WeightAveraging extends Callback {
  readonly #average = new Average();
  readonly #useBuffers: boolean;
  readonly #mix: AverageFunction;
  #latestUpdateStep = 0;
  #latestUpdateEpoch = -1;
  #live: Record<string, tf.Tensor> = {};

  constructor(options: WeightAveragingOptions = {}) {
    super();
    const { useBuffers, avgFn = equalAverage } = checkOptions('WeightAveraging', schema, options);
    this.#useBuffers = useBuffers;
    this.#mix = avgFn;
  }

  /** Whether to update the average now. */
  shouldUpdate(moment: AveragingMoment): boolean {
    return moment.stepIdx !== undefined;
  }

  /** How many sets of weights are in the average. */
  get averaged(): number {
    return this.#average.count;
  }

  /** The average, by name of weight; the tensors are the callback's. */
  get averageWeights(): Record<string, tf.Tensor> {
    return this.#average.values;
  }

  override onTrainStart({ globalStep, currentEpoch }: Trainer, module: Module): void {
    // A fit that begins anew has its steps averaged, whatever a former one has come to.
    this.#latestUpdateStep = Math.min(this.#latestUpdateStep, globalStep);
    this.#latestUpdateEpoch = Math.min(this.#latestUpdateEpoch, currentEpoch - 1);
    const weights = weightsOf(module, this.#useBuffers);
    this.#average.begin(weights);
    tf.dispose(weights);
  }

  override onTrainBatchEnd(trainer: Trainer, module: Module): void {
    const { globalStep } = trainer;
    if (globalStep <= this.#latestUpdateStep || !this.shouldUpdate({ stepIdx: globalStep - 1 })) return;
    this.#update(module);
    this.#latestUpdateStep = globalStep;
  }

  override onTrainEpochEnd(trainer: Trainer, module: Module): void {
    const { currentEpoch } = trainer;
    if (currentEpoch <= this.#latestUpdateEpoch || !this.shouldUpdate({ epochIdx: currentEpoch })) return;
    this.#update(module);
    this.#latestUpdateEpoch = currentEpoch;
  }

  /** Of several averages the last one is validated; the first one keeps what training goes on with. */
  override onValidationEpochStart(trainer: Trainer, module: Module): void {
    if (trainer.stage !== 'fit' || Object.keys(this.#average.values).length === 0) return;
    if (!this.#isSwapped(trainer)) this.#live = weightsOf(module, true);
    module.loadStateDict(this.#average.values, { strict: false });
  }

  override onValidationEpochEnd(_trainer: Trainer, module: Module): void {
    module.loadStateDict(this.#live, { strict: false });
    this.#forgetLive();
  }

  /** A fit that was interrupted or has failed keeps the weights that training would go on with. */
  override onTrainEnd(trainer: Trainer, module: Module): void {
    if (trainer.status === 'running') module.loadStateDict(this.#average.values, { strict: false });
  }

  override teardown(_trainer: Trainer, _module: Module, stage: string): void {
    if (stage === 'fit') this.#average.dispose();
  }

  /** The average becomes the file's weights, for whoever loads these; the weights of training stand beside them. */
  override onSaveCheckpoint(trainer: Trainer, _module: Module, checkpoint: Checkpoint): void {
    const { values } = this.#average;
    if (Object.keys(values).length === 0 || this.#isSwapped(trainer) || averagesOf(trainer).at(-1) !== this) return;
    const weights = checkpoint.stateDict;
    const own = this.#stateIn(trainer, checkpoint);
    const current: Record<string, tf.Tensor> = {};
    checkpoint.stateDict = { ...weights };
    for (const name of Object.keys(values).filter((each) => each in weights)) {
      current[name] = weights[name] as tf.Tensor;
      // The state's own handle on the average, or one more for a file of weights only.
      checkpoint.stateDict[name] = own?.average.values[name] ?? retain(values[name] as tf.Tensor);
    }
    if (own) {
      own.average.values = {};
      checkpoint['currentModelState'] = current;
    } else tf.dispose(current);
  }

  override onLoadCheckpoint(trainer: Trainer, _module: Module, checkpoint: Checkpoint): void {
    const current = checkpoint['currentModelState'] as Record<string, tf.Tensor> | undefined;
    const own = this.#stateIn(trainer, checkpoint);
    // The average that stands as the file's weights is the one that is missing in its state.
    if (!current || !own || Object.keys(own.average.values).length > 0) return;
    own.average.values = Object.fromEntries(
      Object.keys(current).map((name) => [name, checkpoint.stateDict[name] as tf.Tensor]),
    );
    checkpoint.stateDict = { ...checkpoint.stateDict, ...current };
    delete checkpoint['currentModelState'];
  }

  override stateDict(): WeightAveragingState {
    return {
      average: this.#average.state(),
      latestUpdateStep: this.#latestUpdateStep,
      latestUpdateEpoch: this.#latestUpdateEpoch,
      live: this.#live,
    };
  }

  override loadStateDict({ average, latestUpdateStep, latestUpdateEpoch, live }: WeightAveragingState): void {
    this.#average.load(average);
    tf.dispose(average.values);
    this.#latestUpdateStep = latestUpdateStep;
    this.#latestUpdateEpoch = latestUpdateEpoch;
    this.#forgetLive();
    this.#live = live;
  }

  #update(module: Module): void {
    const weights = weightsOf(module, this.#useBuffers);
    this.#average.update(weights, this.#mix);
    tf.dispose(weights);
  }

  #forgetLive(): void {
    tf.dispose(this.#live);
    this.#live = {};
  }

  /** Whether an average is in the module's place. */
  #isSwapped(trainer: Trainer): boolean {
    return averagesOf(trainer).some((other) => Object.keys(other.#live).length > 0);
  }

  #stateIn(trainer: Trainer, { callbacks }: Checkpoint): WeightAveragingState | undefined {
    const key = trainer.callbacks.keyed().find(([, callback]) => callback === this)?.[0];
    return key === undefined ? undefined : (callbacks?.[key] as WeightAveragingState | undefined);
  }
}

function averagesOf({ callbacks }: Trainer): WeightAveraging[] {
  return callbacks.filter((callback) => callback instanceof WeightAveraging);
}
