import { z } from 'zod';
import type { Algorithm, Hyperparameters } from './algorithm.js';
import type { GroupsOf } from './groups.js';
import { finite, flag, nonNegative } from './options.js';
import { Optimizer } from './optimizer.js';

export interface SGDOptions extends Hyperparameters {
  /** Step size. Default 1e-3. */
  lr: number;
  /** How much of the last step's direction is kept. Default 0. */
  momentum: number;
  /** How much of the gradient is held back from the momentum buffer. Default 0. */
  dampening: number;
  /** Look ahead along the momentum; needs momentum and no dampening. Default false. */
  nesterov: boolean;
  /** L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
}

export type SGDBuffers = {
  param: Float32Array;
  grad: Float32Array;
  momentumBuffer?: Float32Array;
};

export type SGDScalars = {
  lr: number;
  momentum: number;
  dampening: number;
  nesterov: boolean;
  weightDecay: number;
};

export const sgd: Algorithm<SGDOptions, SGDBuffers, SGDScalars> = {
  name: 'SGD',
  kernel: 'FusedSGD',
  schema: z
    .strictObject({
      lr: nonNegative().default(1e-3),
      momentum: nonNegative().default(0),
      dampening: finite().default(0),
      nesterov: flag().default(false),
      weightDecay: nonNegative().default(0),
    })
    .refine(({ nesterov, momentum, dampening }) => !nesterov || (momentum > 0 && dampening === 0), {
      path: ['nesterov'],
      message: 'nesterov only with a momentum above 0 and dampening 0',
    }),
  slots: ({ momentum }) => (momentum === 0 ? [] : ['momentumBuffer']),

  // PyTorch starts the buffer at the first gradient, undamped. From a buffer of zeros that is a step without dampening.
  scalars: ({ lr, momentum, dampening, nesterov, weightDecay }, _step, fresh) => ({
    lr,
    momentum,
    dampening: fresh ? 0 : dampening,
    nesterov,
    weightDecay,
  }),

  update(now, next, { lr, momentum, dampening, nesterov, weightDecay }) {
    const { param, grad, momentumBuffer } = now;
    for (let i = 0; i < param.length; i++) {
      const w = param[i]!;
      let direction = grad[i]! + weightDecay * w;
      if (momentumBuffer) {
        const velocity = Math.fround(momentum * momentumBuffer[i]! + (1 - dampening) * direction);
        next.momentumBuffer![i] = velocity;
        direction = nesterov ? direction + momentum * velocity : velocity;
      }
      next.param[i] = w - lr * direction;
    }
  },
};

/** Stochastic gradient descent with optional (Nesterov) momentum, as `torch.optim.SGD` computes it. */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: GroupsOf<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(sgd, params, options);
  }
}
