import type * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { floats, zipElements } from './elementwise.js';
import { kernel, type KernelTable } from './kernel.js';

interface LrnAttrs {
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
}

/** Sums each channel with its neighbours up to `radius` away, by a product with a band of ones. */
function neighbours(g: Graph, x: string, channels: number, radius: number): string {
  const band = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++) {
    for (let j = Math.max(0, i - radius); j <= Math.min(channels - 1, i + radius); j++) band[i * channels + j] = 1;
  }
  return g.op('MatMul', [x, g.constants.table(band, [channels, channels])]);
}

/** bias + alpha * (the sum of the neighbours' squares) */
function norm(g: Graph, x: string, channels: number, { depthRadius, bias, alpha }: LrnAttrs): string {
  const sums = neighbours(g, g.op('Mul', [x, x]), channels, depthRadius);
  return g.op('Add', [g.op('Mul', [sums, g.float(alpha)]), g.float(bias)]);
}

export const normalizationKernels: KernelTable = {
  FusedBatchNorm: kernel<tf.FusedBatchNormAttrs>({
    inputs: ['x', 'mean', 'variance', 'offset?', 'scale?'],
    accepts: (inputs) => {
      const [x, ...parameters] = inputs as [tf.TensorInfo, ...tf.TensorInfo[]];
      return floats(inputs) && parameters.every((p) => p.shape.length === 1 && p.shape[0] === x.shape.at(-1));
    },
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, call) {
      const [x, mean, variance] = call.inputs as [Operand, Operand, Operand];
      const [y] = call.outputs as [Operand];
      const [offset, scale] = [call.optional(3), call.optional(4)];
      const deviation = g.op('Sqrt', [g.op('Add', [g.natural(variance), g.float(call.attrs.varianceEpsilon)])]);
      const centered = g.intermediate(y);
      const factor = g.intermediate(mean);
      const scaled = offset ? g.intermediate(y) : y;
      zipElements(g, x, mean, centered, (p, q) => g.op('Sub', [p, q]));
      g.set(factor, g.op('Div', [scale ? g.natural(scale) : g.float(1), deviation]));
      zipElements(g, centered, factor, scaled, (p, q) => g.op('Mul', [p, q]));
      if (offset) zipElements(g, scaled, offset, y, (p, q) => g.op('Add', [p, q]));
    },
  }),
  LRN: kernel<LrnAttrs>({
    inputs: ['x'],
    accepts: floats,
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const name = g.natural(x);
      const scale = g.op('Pow', [norm(g, name, x.shape.at(-1) as number, attrs), g.float(-attrs.beta)]);
      g.set(outputs[0] as Operand, g.op('Mul', [name, scale]));
    },
  }),
  LRNGrad: kernel<LrnAttrs>({
    inputs: ['x', 'y', 'dy'],
    accepts: floats,
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { inputs, outputs, attrs }) {
      const [x, y, dy] = inputs.map((operand) => g.natural(operand)) as [string, string, string];
      const channels = inputs[0]?.shape.at(-1) as number;
      const n = norm(g, x, channels, attrs);
      const direct = g.op('Mul', [dy, g.op('Pow', [n, g.float(-attrs.beta)])]);
      // Each channel also enters its neighbours' norms.
      const through = neighbours(g, g.op('Div', [g.op('Mul', [y, dy]), n]), channels, attrs.depthRadius);
      const indirect = g.op('Mul', [g.op('Mul', [x, g.float(2 * attrs.alpha * attrs.beta)]), through]);
      g.set(outputs[0] as Operand, g.op('Sub', [direct, indirect]));
    },
  }),
};
