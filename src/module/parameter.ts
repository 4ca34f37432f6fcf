import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, FLAG } from '../options.js';
import { retain } from '../tensors/share.js';

/** What a parameter is besides its values. */
export interface ParameterOptions {
  /** False keeps the parameter out of training. Default true. */
  requiresGrad?: boolean;
}

/** One trainable tensor of a module: the variable, its gradient, and whether it wants one. */
export class Parameter {
  /** The tensor, as TensorFlow.js takes it. Training swaps its values. */
  readonly variable: tf.Variable;
  /** False freezes it: no gradient is computed, no optimizer touches it. */
  requiresGrad: boolean;
  #name: string;
  #grad: tf.Tensor | null = null;

  /** Use {@link parameter} to make one. A module names its parameters when it finds them. */
  constructor(variable: tf.Variable, name: string, options: ParameterOptions = {}) {
    this.variable = variable;
    this.#name = name;
    this.requiresGrad = options.requiresGrad ?? true;
  }

  /** Dotted path inside the module, e.g. `net.dense_1.kernel`; empty until a module has found it. */
  get name(): string {
    return this.#name;
  }

  /** The shape of the tensor. */
  get shape(): number[] {
    return this.variable.shape;
  }

  /** Number of elements. */
  get size(): number {
    return this.variable.size;
  }

  /** Filled by the backward pass; a hook may replace it. The old gradient is disposed. */
  get grad(): tf.Tensor | null {
    return this.#grad;
  }

  set grad(value: tf.Tensor | null) {
    if (value === this.#grad) return;
    const old = this.#grad;
    // A gradient made inside somebody's tf.tidy has to outlive it.
    this.#grad = value === null ? null : tf.keep(value);
    old?.dispose();
  }

  /** Replaces the values; only the reference is swapped. */
  assign(value: tf.Tensor): void {
    this.variable.assign(value);
  }

  /** A handle on the current values that stays as it is when the parameter is updated. */
  snapshot(): tf.Tensor {
    return retain(this.variable as tf.Tensor);
  }

  /** @internal The module that walks its properties gives the path. */
  rename(name: string): void {
    this.#name = name;
  }
}

/** Makes a trainable parameter for hand-written layers: `this.w = parameter(tf.zeros([3]))`. */
export function parameter(value: tf.Tensor, options: ParameterOptions = {}): Parameter {
  checkOptions('parameter', options, { requiresGrad: FLAG });
  // The variable gets a unique name from tfjs; the module's dotted path is the parameter's name.
  return new Parameter(tf.variable(value, true), '', options);
}
