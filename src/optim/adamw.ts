import { adam, adamScalars, adamSchema, type AdamBuffers, type AdamOptions, type AdamScalars } from './adam.js';
import type { Algorithm } from './algorithm.js';
import type { GroupsOf } from './groups.js';
import { Optimizer } from './optimizer.js';

export const adamw: Algorithm<AdamOptions, AdamBuffers, AdamScalars> = {
  ...adam,
  name: 'AdamW',
  schema: adamSchema(1e-2),
  scalars: (options, step) => ({
    ...adamScalars(options, step),
    weightDecay: 0,
    // Rounded as PyTorch rounds it: so close to 1, the rounding adds up over the steps.
    shrink: Math.fround(1 - options.lr * options.weightDecay),
  }),
};

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019), as `torch.optim.AdamW` computes it. */
export class AdamW extends Optimizer<AdamOptions> {
  constructor(params: GroupsOf<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(adamw, params, options);
  }
}
