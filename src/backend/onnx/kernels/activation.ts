import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { unaryKernels } from './unary.js';

/** The activations that tfjs fuses into matrix products and convolutions, as the kernels they stand for. */
const kernels: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

export function knowsActivation(activation: string | null | undefined): boolean {
  return !activation || activation === 'linear' || activation in kernels;
}

/** Sets y to the sum of a tensor and a bias, under an activation, exactly as separate kernels would compute it. */
export function addBiasAndActivate(
  g: Graph,
  y: Operand,
  linear: { name: string; layout: 'natural' | 'channelsFirst' },
  options: {
    bias: Operand | undefined;
    activation: string | null | undefined;
    prelu: Operand | undefined;
    alpha: number | undefined;
  },
  add: (x: Operand, bias: Operand, sum: Operand) => void,
): void {
  const { bias, activation, prelu, alpha } = options;
  const kernel = activation ? unaryKernels[kernels[activation] ?? ''] : undefined;
  const product = bias || kernel ? g.intermediate(y) : y;
  g.set(product, linear.name, linear.layout);
  const sum = bias && kernel ? g.intermediate(y) : bias ? y : product;
  if (bias) add(product, bias, sum);
  if (!kernel) return;
  const inputs = prelu ? [sum, prelu] : [sum];
  const attrs = { alpha: alpha ?? 0 };
  kernel.lower(g, { inputs, outputs: [y], attrs: attrs as never, optional: (i) => inputs[i] });
}
