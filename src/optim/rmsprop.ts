import { z } from 'zod';
import type { Algorithm, Hyperparameters } from './algorithm.js';
import type { GroupsOf } from './groups.js';
import { flag, nonNegative } from './options.js';
import { Optimizer } from './optimizer.js';

export interface RMSpropOptions extends Hyperparameters {
  /** Step size. Default 1e-2. */
  lr: number;
  /** Decay of the running mean of squared gradients. Default 0.99. */
  alpha: number;
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** How much of the last step is kept. Default 0. */
  momentum: number;
  /** Divide by the running variance instead of the running mean square. Default false. */
  centered: boolean;
}

export type RMSpropBuffers = {
  param: Float32Array;
  grad: Float32Array;
  squareAvg: Float32Array;
  gradAvg?: Float32Array;
  momentumBuffer?: Float32Array;
};

export type RMSpropScalars = {
  lr: number;
  alpha: number;
  eps: number;
  weightDecay: number;
  momentum: number;
};

export const rmsprop: Algorithm<RMSpropOptions, RMSpropBuffers, RMSpropScalars> = {
  name: 'RMSprop',
  kernel: 'FusedRMSprop',
  schema: z.strictObject({
    lr: nonNegative().default(1e-2),
    alpha: nonNegative().default(0.99),
    eps: nonNegative().default(1e-8),
    weightDecay: nonNegative().default(0),
    momentum: nonNegative().default(0),
    centered: flag().default(false),
  }),
  slots: ({ centered, momentum }) => [
    'squareAvg',
    ...(centered ? ['gradAvg'] : []),
    ...(momentum > 0 ? ['momentumBuffer'] : []),
  ],
  scalars: ({ lr, alpha, eps, weightDecay, momentum }) => ({ lr, alpha, eps, weightDecay, momentum }),

  update(now, next, { lr, alpha, eps, weightDecay, momentum }) {
    const { param, grad, squareAvg, gradAvg, momentumBuffer } = now;
    for (let i = 0; i < param.length; i++) {
      const w = param[i]!;
      const g = grad[i]! + weightDecay * w;
      const meanSquare = Math.fround(alpha * squareAvg[i]! + (1 - alpha) * g * g);
      next.squareAvg[i] = meanSquare;
      let spread = meanSquare;
      if (gradAvg) {
        const mean = Math.fround(gradAvg[i]! + (g - gradAvg[i]!) * (1 - alpha));
        next.gradAvg![i] = mean;
        spread = meanSquare - mean * mean;
      }
      let direction = g / (Math.sqrt(spread) + eps);
      if (momentumBuffer) {
        direction = Math.fround(momentum * momentumBuffer[i]! + direction);
        next.momentumBuffer![i] = direction;
      }
      next.param[i] = w - lr * direction;
    }
  },
};

/** RMSprop (Hinton's lecture; centered: Graves 2013), as `torch.optim.RMSprop` computes it. */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: GroupsOf<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(rmsprop, params, options);
  }
}
