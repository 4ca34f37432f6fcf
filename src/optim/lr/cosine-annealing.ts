import { z } from 'zod';
import { atLeast, checkOptions, finite } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';

/** What CosineAnnealingLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface CosineAnnealingLROptions {
  /** Steps from the highest to the lowest learning rate (PyTorch's `T_max`). */
  tMax: number;
  /** The lowest learning rate. Default 0. */
  etaMin?: number;
}

const schema = z.strictObject({ tMax: atLeast(1), etaMin: finite().default(0) });

/** Half a cosine down to `etaMin` in `tMax` steps, then up again, and so on (Loshchilov & Hutter 2017, without restarts). */
export class CosineAnnealingLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: CosineAnnealingLROptions) {
    const { tMax, etaMin } = checkOptions('CosineAnnealingLR', schema, options);
    const height = (epoch: number) => 1 + Math.cos((Math.PI * epoch) / tMax);
    super(optimizer, {
      start: ({ lr }) => lr,
      next: ({ epoch, lr, baseLr }) => {
        // Right after the valley there is no height to take a ratio of.
        const afterValley = (epoch - 1 - tMax) % (2 * tMax) === 0;
        if (afterValley) return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
        return (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin;
      },
    });
  }
}
