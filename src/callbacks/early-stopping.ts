import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { ContractError, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import { disposeAll } from '../tensors/tree.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { monitorMode, isJudging, worst, type MonitorMode } from './monitor.js';
import { checkOptions } from './options.js';
import { announcement } from './stopping/announcement.js';
import { judge, plain, type StoppingReason, type Verdict } from './stopping/verdict.js';

export type { StoppingReason } from './stopping/verdict.js';

const schema = z.strictObject({
  /** The metric to watch. */
  monitor: z.string(),
  /** An improvement has to be larger than this. */
  minDelta: z.number().min(0).default(0),
  /** Stop after so many checks in a row without an improvement; 0 stops at the first, as 1 does. */
  patience: z.int().min(0).default(3),
  /** Say what was decided. */
  verbose: z.boolean().default(false),
  /** Whether an improvement is a lower or a higher value. */
  mode: monitorMode.default('min'),
  /** A missing metric is an error; otherwise it is passed over. */
  strict: z.boolean().default(true),
  /** Stop when the metric is NaN or infinite; otherwise that counts as no improvement. */
  checkFinite: z.boolean().default(true),
  /** Stop once the metric is better than this. */
  stoppingThreshold: z.number().optional(),
  /** Stop once the metric is worse than this. */
  divergenceThreshold: z.number().optional(),
  /** Check at the end of training epochs rather than of validations. Default: whether validations are epochs' ends. */
  checkOnTrainEpochEnd: z.boolean().optional(),
  /** With several processes, only the first one speaks. */
  logRankZeroOnly: z.boolean().default(false),
  /** When training ends, go back to the weights (and buffers) of the best check. */
  restoreBestWeights: z.boolean().default(false),
  /** Pass over the checks of the epochs before this one. */
  startFromEpoch: z.int().min(0).default(0),
  /** Only what is better than this, too, restarts the patience. */
  baseline: z.number().optional(),
});

/** What EarlyStopping takes. @interface */
export type EarlyStoppingOptions = z.input<typeof schema>;

/** What an EarlyStopping writes into checkpoints. */
export interface EarlyStoppingState {
  /** Checks in a row without an improvement. */
  waitCount: number;
  /** The best value so far. */
  bestScore: number;
  /** Epoch in which it asked to stop. */
  stoppedEpoch: number;
  /** Why it asked to stop, if it did. */
  stoppingReason: StoppingReason;
  /** The same in words. */
  stoppingReasonMessage: string;
  /** As it was set; kept for the reader, not loaded. */
  patience: number;
  /** The weights of the best value, with `restoreBestWeights`. */
  bestWeights?: Record<string, tf.Tensor>;
}

/** Stops training when a metric has stopped improving. `restoreBestWeights`, `startFromEpoch` and `baseline` are Keras's. */
export class EarlyStopping extends Callback {
  /** The metric it watches. */
  readonly monitor: string;
  /** Whether less or more of it is better. */
  readonly mode: MonitorMode;
  /** An improvement is at least so large. */
  minDelta: number;
  /** Checks without an improvement before it stops. */
  patience: number;
  /** Whether it says what it sees. */
  verbose: boolean;
  /** Whether a metric that is not logged is an error. */
  strict: boolean;
  /** Whether NaN and infinity end the training. */
  checkFinite: boolean;
  /** A value that is good enough; undefined: none. */
  stoppingThreshold: number | undefined;
  /** A value that is bad enough; undefined: none. */
  divergenceThreshold: number | undefined;
  /** Whether the module gets the best weights at the end. */
  restoreBestWeights: boolean;
  /** Epochs before this one are not looked at. */
  startFromEpoch: number;
  /** What a value has to beat to count as an improvement; undefined: only those before. */
  baseline: number | undefined;
  /** Whether only the first of several processes speaks. */
  logRankZeroOnly: boolean;
  /** Checks in a row without an improvement. */
  waitCount = 0;
  /** The best value so far; at first the worst there is. */
  bestScore: number;
  /** Epoch in which it asked to stop; 0 also if it never did: `stoppingReason` tells. */
  stoppedEpoch = 0;
  /** Why it asked to stop; `NOT_STOPPED` if it did not. */
  stoppingReason: StoppingReason = 'NOT_STOPPED';
  /** The same in words; empty if it did not. */
  stoppingReasonMessage = '';
  #checkOnTrainEpochEnd: boolean | undefined;
  #bestWeights: Record<string, tf.Tensor> | undefined;

  constructor(options: EarlyStoppingOptions) {
    super();
    const given = checkOptions('EarlyStopping', schema, options);
    this.monitor = given.monitor;
    this.mode = given.mode;
    this.minDelta = given.minDelta;
    this.patience = given.patience;
    this.verbose = given.verbose;
    this.strict = given.strict;
    this.checkFinite = given.checkFinite;
    this.stoppingThreshold = given.stoppingThreshold;
    this.divergenceThreshold = given.divergenceThreshold;
    this.restoreBestWeights = given.restoreBestWeights;
    this.startFromEpoch = given.startFromEpoch;
    this.baseline = given.baseline;
    this.logRankZeroOnly = given.logRankZeroOnly;
    this.#checkOnTrainEpochEnd = given.checkOnTrainEpochEnd;
    this.bestScore = worst(this.mode);
  }

  override get kind(): CallbackKind {
    return 'monitor';
  }

  override get stateKey(): string {
    return `EarlyStopping{'monitor': '${this.monitor}', 'mode': '${this.mode}'}`;
  }

  override setup(trainer: Trainer): void {
    const { valCheckInterval, checkValEveryNEpoch } = trainer.limits;
    this.#checkOnTrainEpochEnd ??= valCheckInterval === undefined && checkValEveryNEpoch === 1;
  }

  override onTrainEpochEnd(trainer: Trainer, module: Module): void {
    if (this.#checkOnTrainEpochEnd) this.#check(trainer, module);
  }

  override onValidationEnd(trainer: Trainer, module: Module): void {
    if (!this.#checkOnTrainEpochEnd) this.#check(trainer, module);
  }

  override onTrainEnd(trainer: Trainer, module: Module): void {
    if (!this.restoreBestWeights || !this.#bestWeights || !isJudging(trainer)) return;
    module.loadStateDict(this.#bestWeights);
    if (this.verbose) this.#say(trainer, `Restored the weights of the best ${this.monitor}: ${plain(this.bestScore)}.`);
  }

  override teardown(): void {
    this.#keepWeights(undefined);
  }

  override stateDict(): EarlyStoppingState {
    const { waitCount, bestScore, stoppedEpoch, stoppingReason, stoppingReasonMessage, patience } = this;
    return {
      waitCount,
      bestScore,
      stoppedEpoch,
      stoppingReason,
      stoppingReasonMessage,
      patience,
      ...(this.#bestWeights ? { bestWeights: this.#bestWeights } : {}),
    };
  }

  /** Progress comes from the checkpoint; configuration, such as patience, from the constructor. */
  override loadStateDict(state: EarlyStoppingState): void {
    this.waitCount = state.waitCount;
    this.bestScore = state.bestScore;
    this.stoppedEpoch = state.stoppedEpoch;
    this.stoppingReason = state.stoppingReason;
    this.stoppingReasonMessage = state.stoppingReasonMessage;
    this.#keepWeights(state.bestWeights);
  }

  #check(trainer: Trainer, module: Module): void {
    if (!isJudging(trainer) || trainer.currentEpoch < this.startFromEpoch) return;
    const value = this.#metric(trainer);
    if (value === undefined) return;
    const verdict = this.evaluate(value);
    if (this.restoreBestWeights && verdict.bestScore !== this.bestScore) this.#keepWeights(module.stateDict());
    this.waitCount = verdict.waitCount;
    this.bestScore = verdict.bestScore;
    if (verdict.reason !== 'NOT_STOPPED') {
      this.stoppedEpoch = trainer.currentEpoch;
      this.stoppingReason = verdict.reason;
      this.stoppingReasonMessage = verdict.message;
      trainer.requestStop(true, verdict.message);
    } else if (this.stoppingReason !== 'NOT_STOPPED') {
      // Training went on to meet its minima, and the metric has recovered: the request no longer stands.
      if (trainer.progress.stopReason === this.stoppingReasonMessage) trainer.requestStop(false, '');
      this.stoppingReason = 'NOT_STOPPED';
      this.stoppingReasonMessage = '';
      this.stoppedEpoch = 0;
    }
    if (this.verbose && verdict.message) this.#say(trainer, verdict.message);
  }

  #say(trainer: Trainer, message: string): void {
    const line = announcement(message, trainer, this.logRankZeroOnly);
    if (line !== undefined) trainer.print(line);
  }

  #keepWeights(weights: Record<string, tf.Tensor> | undefined): void {
    disposeAll(Object.values(this.#bestWeights ?? {}));
    this.#bestWeights = weights;
  }

  /** The decision about one value, as a pure function of it and of what is remembered. */
  evaluate(value: number): Verdict {
    return judge(value, this);
  }

  #metric(trainer: Trainer): number | undefined {
    const value = trainer.callbackMetrics[this.monitor];
    if (value !== undefined) return value;
    const message = StrobeError.compose(`EarlyStopping has no metric called ${this.monitor}.`, {
      expected: `this.log('${this.monitor}', ...) in the module`,
      received: Object.keys(trainer.callbackMetrics).join(', ') || 'no metrics',
      hint: 'monitor one of those that are logged, or set strict: false to pass over it',
    });
    if (this.strict) throw new ContractError(message);
    if (this.verbose) trainer.warn(message);
    return undefined;
  }
}
