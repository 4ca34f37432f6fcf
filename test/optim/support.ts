import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { parameter, type Parameter } from '../../src/module/parameter.js';

/** A parameter as a module would have named it. */
export function named(name: string, value: tf.Tensor): Parameter {
  const made = parameter(value);
  made.rename(name);
  return made;
}

/** Two parameters with values to tell apart. */
export function twoParameters(): [Parameter, Parameter] {
  return [named('w', tf.tensor2d([0.5, -1, 2, 0.25, 1, -0.5], [3, 2])), named('b', tf.tensor1d([0.1, -0.2]))];
}

/** A gradient that depends on the step and the element only. */
export function setGradient(parameter: Parameter, step: number): void {
  const values = Array.from({ length: parameter.size }, (_, i) => ((step * 31 + i * 17) % 23) / 11 - 1);
  parameter.grad = tf.tensor(values, parameter.shape);
}

export function values(parameter: Parameter): number[] {
  return Array.from(parameter.variable.dataSync());
}
