import { z } from 'zod';
import { atLeast, checkOptions, fraction, upToOne } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What LinearLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface LinearLROptions {
  /** What the learning rate is multiplied with at first, in (0, 1]. Default 1/3. */
  startFactor?: number;
  /** What it is multiplied with at the end, in [0, 1]. Default 1. */
  endFactor?: number;
  /** Steps from the one to the other. Default 5. */
  totalIters?: number;
}

const schema = z.strictObject({
  startFactor: upToOne().default(1 / 3),
  endFactor: fraction().default(1),
  totalIters: atLeast(1).default(5),
});

/** Moves the learning rate's factor along a line, from `startFactor` to `endFactor` in `totalIters` steps. */
export class LinearLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: LinearLROptions = {}) {
    const { startFactor, endFactor, totalIters } = checkOptions('LinearLR', schema, options);
    const rise = endFactor - startFactor;
    super(optimizer, {
      start: ({ lr }) => lr * startFactor,
      // The ratio of two neighbouring points of the line, so that a learning rate changed by hand moves along too.
      next: ({ epoch, lr }) =>
        epoch > totalIters ? lr : lr * (1 + rise / (totalIters * startFactor + (epoch - 1) * rise)),
    });
  }
}
