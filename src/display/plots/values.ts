import type * as tf from '@tensorflow/tfjs-core';
import type { Values } from '../figure/spec.js';

/** Numbers on the host or in a tensor of any shape. */
export type Numbers = Values | tf.Tensor;

/** The numbers, row-major. Reading a tensor waits for the engine. */
export function numbersOf(numbers: Numbers): Values {
  return isTensor(numbers) ? numbers.dataSync() : numbers;
}

export function isTensor(value: unknown): value is tf.Tensor {
  return typeof value === 'object' && value !== null && 'dataSync' in value && 'shape' in value;
}
