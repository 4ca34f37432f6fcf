import { z } from 'zod';
import type { Algorithm, Hyperparameters } from './algorithm.js';
import type { GroupsOf } from './groups.js';
import { flag, nonNegative, underOne } from './options.js';
import { Optimizer } from './optimizer.js';

export interface AdamOptions extends Hyperparameters {
  /** Step size. Default 1e-3. */
  lr: number;
  /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** For {@link Adam} an L2 penalty added to the gradient, default 0; for AdamW decoupled decay, default 1e-2. */
  weightDecay: number;
  /** Divide by the largest mean square seen so far (Reddi et al. 2018). Default false. */
  amsgrad: boolean;
}

export type AdamBuffers = {
  param: Float32Array;
  grad: Float32Array;
  expAvg: Float32Array;
  expAvgSq: Float32Array;
  maxExpAvgSq?: Float32Array;
};

export type AdamScalars = {
  /** lr / (1 - beta1^step) */
  stepSize: number;
  beta1: number;
  beta2: number;
  eps: number;
  /** sqrt(1 - beta2^step) */
  biasCorrection2Sqrt: number;
  /** Added to the gradient, times the parameter. */
  weightDecay: number;
  /** What the parameter is multiplied with before the step: 1 unless decay is decoupled. */
  shrink: number;
};

const pairUnderOne = () => z.tuple([underOne(), underOne()], 'two numbers in [0, 1)').describe('two numbers in [0, 1)');

export const adamSchema = (weightDecay: number) =>
  z.strictObject({
    lr: nonNegative().default(1e-3),
    betas: pairUnderOne().default([0.9, 0.999]),
    eps: nonNegative().default(1e-8),
    weightDecay: nonNegative().default(weightDecay),
    amsgrad: flag().default(false),
  });

export function adamScalars({ lr, betas, eps, weightDecay }: AdamOptions, step: number): AdamScalars {
  const [beta1, beta2] = betas;
  return {
    stepSize: lr / (1 - beta1 ** step),
    beta1,
    beta2,
    eps,
    biasCorrection2Sqrt: Math.sqrt(1 - beta2 ** step),
    weightDecay,
    shrink: 1,
  };
}

export const adam: Algorithm<AdamOptions, AdamBuffers, AdamScalars> = {
  name: 'Adam',
  kernel: 'FusedAdam',
  schema: adamSchema(0),
  slots: ({ amsgrad }) => (amsgrad ? ['expAvg', 'expAvgSq', 'maxExpAvgSq'] : ['expAvg', 'expAvgSq']),
  scalars: adamScalars,

  update(now, next, { stepSize, beta1, beta2, eps, biasCorrection2Sqrt, weightDecay, shrink }) {
    const { param, grad, expAvg, expAvgSq, maxExpAvgSq } = now;
    for (let i = 0; i < param.length; i++) {
      const w = param[i]!;
      const g = grad[i]! + weightDecay * w;
      const m = Math.fround(expAvg[i]! + (g - expAvg[i]!) * (1 - beta1));
      const v = Math.fround(beta2 * expAvgSq[i]! + (1 - beta2) * g * g);
      let meanSquare = v;
      if (maxExpAvgSq) {
        meanSquare = Math.max(maxExpAvgSq[i]!, v);
        next.maxExpAvgSq![i] = meanSquare;
      }
      next.expAvg[i] = m;
      next.expAvgSq[i] = v;
      next.param[i] = Math.fround(w * shrink) - (stepSize * m) / (Math.sqrt(meanSquare) / biasCorrection2Sqrt + eps);
    }
  },
};

/** Adam (Kingma & Ba 2015), as `torch.optim.Adam` computes it. */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: GroupsOf<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(adam, params, options);
  }
}
