import { z } from 'zod';
import { ContractError, describe, StrobeError } from '../../errors.js';
import { atLeast, checkOptions, finite, nonNegative, oneOf, perGroup, underOne } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { eachGroup, LRScheduler, type SchedulerState } from './scheduler.js';

/** What ReduceLROnPlateau takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface ReduceLROnPlateauOptions {
  /** Whether less or more is better. Default 'min'. */
  mode?: 'min' | 'max';
  /** What the learning rate is multiplied with, in [0, 1). Default 0.1. */
  factor?: number;
  /** Steps without improvement that are tolerated. Default 10. */
  patience?: number;
  /** What counts as an improvement. Default 1e-4. */
  threshold?: number;
  /** The threshold is a share of the best value, or a difference to it. Default 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Steps after a reduction in which nothing is counted. Default 0. */
  cooldown?: number;
  /** The lowest learning rate; one, or one per parameter group. Default 0. */
  minLr?: number | number[];
  /** Smaller changes are not made. Default 1e-8. */
  eps?: number;
}

const schema = z.strictObject({
  mode: oneOf('min', 'max').default('min'),
  factor: underOne().default(0.1),
  patience: atLeast(0).default(10),
  threshold: finite().default(1e-4),
  thresholdMode: oneOf('rel', 'abs').default('rel'),
  cooldown: atLeast(0).default(0),
  minLr: perGroup(nonNegative()).default(0),
  eps: nonNegative().default(1e-8),
});

const plateauState = z.strictObject({
  lastEpoch: z.int().min(0),
  lastLr: z.array(z.number()),
  // A metric may be infinite, as the peak signal-to-noise ratio of a perfect picture is.
  best: z.nullable(z.union([z.number(), z.literal([Infinity, -Infinity])])),
  numBadEpochs: z.int(),
  cooldownCounter: z.int(),
});

/** Multiplies the learning rate by `factor` when a metric has stopped improving: `scheduler.step(valLoss)`. */
export class ReduceLROnPlateau extends LRScheduler {
  /** The best metric so far. */
  best: number | null = null;
  /** Steps in a row without an improvement. */
  numBadEpochs = 0;
  /** Steps that are still passed over after a reduction. */
  cooldownCounter = 0;
  readonly #options: z.output<typeof schema>;
  readonly #minLr: (group: number) => number;

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    super(optimizer);
    this.#options = checkOptions('ReduceLROnPlateau', schema, options);
    this.#minLr = eachGroup('ReduceLROnPlateau', 'minLr', this.#options.minLr, optimizer);
  }

  /** @throws ContractError without a metric. */
  step(metric?: number): void {
    if (typeof metric !== 'number') {
      throw new ContractError(
        StrobeError.compose('ReduceLROnPlateau needs the metric it watches', {
          expected: 'a number: scheduler.step(metric)',
          received: describe(metric),
          hint: 'pass the metric, or name it as `monitor` in configureOptimizers.',
        }),
      );
    }
    const { patience, cooldown } = this.#options;
    this.lastEpoch += 1;
    if (this.#isBetter(metric)) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs += 1;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter -= 1;
      this.numBadEpochs = 0;
    }
    const stuck = this.numBadEpochs > patience;
    if (stuck) {
      this.cooldownCounter = cooldown;
      this.numBadEpochs = 0;
    }
    this.setLrs(this.optimizer.paramGroups.map(({ lr }, group) => (stuck ? this.#reduced(lr, group) : lr)));
  }

  stateDict(): SchedulerState {
    const { lastEpoch, lastLr, best, numBadEpochs, cooldownCounter } = this;
    return { lastEpoch, lastLr: [...lastLr], best, numBadEpochs, cooldownCounter };
  }

  loadStateDict(state: SchedulerState): void {
    Object.assign(this, this.checkState(plateauState, state));
  }

  #reduced(lr: number, group: number): number {
    const { factor, eps } = this.#options;
    const lower = Math.max(lr * factor, this.#minLr(group));
    return lr - lower > eps ? lower : lr;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const best = this.best ?? (mode === 'min' ? Infinity : -Infinity);
    if (mode === 'min') return metric < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return metric > (thresholdMode === 'rel' ? best * (1 + threshold) : best + threshold);
  }
}
