import type * as tf from '@tensorflow/tfjs-core';

type Inputs = Record<string, tf.Tensor>;
type Formula = (inputs: Inputs, output: tf.Tensor, attrs: Record<string, unknown>) => number;

/** `a` [..., m, k] times `b` [..., k, n]: each element of the output takes k multiplications and additions. */
const matMul: Formula = ({ a }, output, { transposeA }) => 2 * output.size * (a?.shape.at(transposeA ? -2 : -1) ?? 0);

/** Filter [...window, in, out]: each element of the output takes window x in of them. */
const convolution: Formula = ({ filter }, output) => 2 * output.size * product(filter?.shape.slice(0, -1));

/** Filter [height, width, in, multiplier]: each element of the output has one input channel. */
const depthwise: Formula = ({ filter }, output) => 2 * output.size * product(filter?.shape.slice(0, 2));

/** A transposed convolution spreads each element of its input: filter [...window, out, in]. */
const transposed: Formula = ({ dy, filter }) => 2 * (dy?.size ?? 0) * product(filter?.shape.slice(0, -1));

/** Kernels that multiply and add, by the engine's name for them. */
const FORMULAS: Record<string, Formula> = {
  BatchMatMul: matMul,
  _FusedMatMul: matMul,
  Conv2D: convolution,
  FusedConv2D: convolution,
  Conv3D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
  Conv2DBackpropInput: transposed,
  Conv3DBackpropInputV2: transposed,
};

/**
 * Floating-point operations of one kernel call: two for each multiply-and-add of matrix products and convolutions, none
 * for the rest, as PyTorch's FlopCounterMode counts.
 */
export function kernelFlops(name: string, inputs: Inputs, outputs: unknown, attrs: object = {}): number {
  const output = (Array.isArray(outputs) ? outputs[0] : outputs) as tf.Tensor | undefined;
  const formula = FORMULAS[name];
  return formula && output ? formula(inputs, output, attrs as Record<string, unknown>) : 0;
}

function product(sizes: number[] = []): number {
  return sizes.reduce((result, size) => result * size, 1);
}
