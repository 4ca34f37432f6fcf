import { z } from 'zod';
import { atLeast, checkOptions, finite } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR, type Moment } from './scheduled.js';

/** What CosineAnnealingWarmRestarts takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Steps until the first restart (PyTorch's `T_0`). */
  t0: number;
  /** How much longer each cycle is than the last (PyTorch's `T_mult`). Default 1. */
  tMult?: number;
  /** The lowest learning rate. Default 0. */
  etaMin?: number;
}

const schema = z.strictObject({ t0: atLeast(1), tMult: atLeast(1).default(1), etaMin: finite().default(0) });

/** Half a cosine down to `etaMin`, again and again from the top (SGDR, Loshchilov & Hutter 2017). */
export class CosineAnnealingWarmRestarts extends ScheduledLR {
  constructor(optimizer: Optimizer, options: CosineAnnealingWarmRestartsOptions) {
    const { t0, tMult, etaMin } = checkOptions('CosineAnnealingWarmRestarts', schema, options);
    const anneal = ({ epoch, baseLr }: Moment) => {
      let length = t0;
      let position = epoch;
      if (tMult === 1) position %= length;
      for (; position >= length; length *= tMult) position -= length;
      return etaMin + ((baseLr - etaMin) * (1 + Math.cos((Math.PI * position) / length))) / 2;
    };
    super(optimizer, { start: anneal, next: anneal });
  }
}
