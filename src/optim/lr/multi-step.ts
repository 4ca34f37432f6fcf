import { z } from 'zod';
import { atLeast, checkOptions, finite } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What MultiStepLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface MultiStepLROptions {
  /** The steps at which the learning rate decays, in any order; one that is listed twice counts twice. */
  milestones: number[];
  /** What the learning rate is multiplied with. Default 0.1. */
  gamma?: number;
}

const schema = z.strictObject({
  milestones: z.array(atLeast(0), 'an array of whole numbers'),
  gamma: finite().default(0.1),
});

/** Multiplies the learning rate by `gamma` at each milestone. */
export class MultiStepLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: MultiStepLROptions) {
    const { milestones, gamma } = checkOptions('MultiStepLR', schema, options);
    const decay = ({ epoch, lr }: { epoch: number; lr: number }) =>
      lr * gamma ** milestones.filter((milestone) => milestone === epoch).length;
    super(optimizer, { start: decay, next: decay });
  }
}
