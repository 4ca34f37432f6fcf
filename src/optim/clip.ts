import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from './optimizer.js';

/**
 * Clips the gradients of everything an optimizer holds, as PyTorch's `clip_grad_norm_` and `clip_grad_value_` do:
 *
 * - `norm`: all gradients times `max / (‖g‖₂ + 1e-6)` if their common norm is above `max`;
 * - `value`: each element into [-max, max].
 */
export function clipGradients(optimizer: Optimizer, max: number, algorithm: 'norm' | 'value'): void {
  const parameters = optimizer.paramGroups.flatMap((group) => group.params).filter(({ grad }) => grad !== null);
  if (parameters.length === 0) return;
  const clipped = tf.tidy(() => {
    const gradients = parameters.map(({ grad }) => grad as tf.Tensor);
    if (algorithm === 'value') return gradients.map((gradient) => tf.clipByValue(gradient, -max, max));
    const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
    const scale = tf.minimum(tf.div(max, tf.add(norm, 1e-6)), 1);
    return gradients.map((gradient) => tf.mul(gradient, scale));
  });
  parameters.forEach((parameter, i) => {
    parameter.grad = clipped[i] as tf.Tensor;
  });
}
