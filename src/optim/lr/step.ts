import { z } from 'zod';
import { atLeast, checkOptions, finite } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What StepLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface StepLROptions {
  /** Steps between decays. */
  stepSize: number;
  /** What the learning rate is multiplied with. Default 0.1. */
  gamma?: number;
}

const schema = z.strictObject({ stepSize: atLeast(1), gamma: finite().default(0.1) });

/** Multiplies the learning rate by `gamma` every `stepSize` steps. */
export class StepLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: StepLROptions) {
    const { stepSize, gamma } = checkOptions('StepLR', schema, options);
    super(optimizer, {
      start: ({ lr }) => lr,
      next: ({ epoch, lr }) => (epoch % stepSize === 0 ? lr * gamma : lr),
    });
  }
}
