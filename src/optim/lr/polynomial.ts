import { z } from 'zod';
import { atLeast, checkOptions, finite } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What PolynomialLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface PolynomialLROptions {
  /** Steps until the learning rate is 0. Default 5. */
  totalIters?: number;
  /** Degree of the polynomial. Default 1. */
  power?: number;
}

const schema = z.strictObject({ totalIters: atLeast(1).default(5), power: finite().default(1) });

/** Decays the learning rate to 0 as (1 - step / totalIters) ^ power. */
export class PolynomialLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: PolynomialLROptions = {}) {
    const { totalIters, power } = checkOptions('PolynomialLR', schema, options);
    super(optimizer, {
      start: ({ lr }) => lr,
      next: ({ epoch, lr }) =>
        epoch > totalIters ? lr : lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power,
    });
  }
}
