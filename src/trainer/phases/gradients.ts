import type * as tf from '@tensorflow/tfjs-core';
import * as core from '@tensorflow/tfjs-core';
import { ContractError, StrobeError } from '../../errors.js';
import type { Session } from '../session.js';

/** Adds the gradients that `compute` gives to those that parameters have from earlier batches of the window. */
export function addGradients(s: Session, compute: (variables: tf.Variable[]) => (tf.Tensor | undefined)[]): void {
  const wanted = s.parameters.filter((parameter) => parameter.requiresGrad);
  const gradients = compute(wanted.map((parameter) => parameter.variable));
  wanted.forEach((parameter, i) => {
    const gradient = gradients[i];
    if (!gradient) return;
    if (!parameter.grad) parameter.grad = gradient;
    else {
      parameter.grad = core.add(parameter.grad, gradient);
      gradient.dispose();
    }
  });
}

/** A loss that is no number ends the training before it ruins the weights. */
export function checkFinite(loss: tf.Scalar, s: Session): void {
  const [value] = loss.dataSync();
  if (Number.isFinite(value)) return;
  throw new ContractError(
    StrobeError.compose(`The loss of ${where(s)} is ${value}.`, {
      expected: 'a finite number',
      received: String(value),
      hint:
        'lower the learning rate, clip gradients (gradientClipVal), and look for logarithms, divisions and roots of zero ' +
        'in the step (detectAnomaly: true names the first one); the weights are those from before this step',
    }),
  );
}

/** Where in the training something is, in words. */
export function where(s: Session): string {
  const { globalStep, epoch, batchIdx } = s.progress;
  return `step ${globalStep} (epoch ${epoch}, batch ${batchIdx})`;
}
