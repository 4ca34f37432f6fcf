import { z } from 'zod';
import { checkOptions, finite } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What ExponentialLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface ExponentialLROptions {
  /** What the learning rate is multiplied with at every step. */
  gamma: number;
}

const schema = z.strictObject({ gamma: finite() });

/** Multiplies the learning rate by `gamma` at every step. */
export class ExponentialLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: ExponentialLROptions) {
    const { gamma } = checkOptions('ExponentialLR', schema, options);
    super(optimizer, { start: ({ lr }) => lr, next: ({ lr }) => lr * gamma });
  }
}
