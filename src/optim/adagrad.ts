import { z } from 'zod';
import type { Algorithm, Hyperparameters } from './algorithm.js';
import type { GroupsOf } from './groups.js';
import { nonNegative } from './options.js';
import { Optimizer } from './optimizer.js';

export interface AdagradOptions extends Hyperparameters {
  /** Step size. Default 1e-2. */
  lr: number;
  /** The step size is divided by 1 + (step - 1) * lrDecay. Default 0. */
  lrDecay: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** What the sum of squared gradients starts from. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the denominator. Default 1e-10. */
  eps: number;
}

export type AdagradBuffers = {
  param: Float32Array;
  grad: Float32Array;
  sum: Float32Array;
};

export type AdagradScalars = {
  /** lr / (1 + (step - 1) * lrDecay) */
  stepSize: number;
  eps: number;
  weightDecay: number;
};

export const adagrad: Algorithm<AdagradOptions, AdagradBuffers, AdagradScalars> = {
  name: 'Adagrad',
  kernel: 'FusedAdagrad',
  schema: z.strictObject({
    lr: nonNegative().default(1e-2),
    lrDecay: nonNegative().default(0),
    weightDecay: nonNegative().default(0),
    initialAccumulatorValue: nonNegative().default(0),
    eps: nonNegative().default(1e-10),
  }),
  slots: () => ['sum'],
  initialSlotValue: ({ initialAccumulatorValue }) => initialAccumulatorValue,
  scalars: ({ lr, lrDecay, eps, weightDecay }, step) => ({
    stepSize: lr / (1 + (step - 1) * lrDecay),
    eps,
    weightDecay,
  }),

  update({ param, grad, sum }, next, { stepSize, eps, weightDecay }) {
    for (let i = 0; i < param.length; i++) {
      const w = param[i]!;
      const g = grad[i]! + weightDecay * w;
      const total = Math.fround(sum[i]! + g * g);
      next.sum[i] = total;
      next.param[i] = w - (stepSize * g) / (Math.sqrt(total) + eps);
    }
  },
};

/** Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad` computes it. */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: GroupsOf<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(adagrad, params, options);
  }
}
