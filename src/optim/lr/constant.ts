import { z } from 'zod';
import { atLeast, checkOptions, upToOne } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What ConstantLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface ConstantLROptions {
  /** What the learning rate is multiplied with at first, in (0, 1]. Default 1/3. */
  factor?: number;
  /** Steps until the multiplication is undone. Default 5. */
  totalIters?: number;
}

const schema = z.strictObject({ factor: upToOne().default(1 / 3), totalIters: atLeast(1).default(5) });

/** A smaller learning rate for the first `totalIters` steps. */
export class ConstantLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: ConstantLROptions = {}) {
    const { factor, totalIters } = checkOptions('ConstantLR', schema, options);
    super(optimizer, {
      start: ({ lr }) => lr * factor,
      next: ({ epoch, lr }) => (epoch === totalIters ? lr * (1 / factor) : lr),
    });
  }
}
