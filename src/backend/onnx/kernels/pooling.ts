import type { Operand } from '../graph/operand.js';
import { sizeOf } from '../values.js';
import { floats } from './elementwise.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';
import { maxGradient, maxGradient3d } from './max-pool-gradient.js';
import { fitsPool, leftOver, poolWindow, windowAttributes, type PoolAttrs } from './window.js';

function pool(type: 'MaxPool' | 'AveragePool'): AnyKernel {
  return kernel<PoolAttrs>({
    inputs: ['x'],
    accepts: (inputs, attrs) => floats(inputs) && fitsPool(inputs[0]?.shape ?? [], attrs),
    infer: (attrs, [x = []]) => [{ shape: poolWindow(x, attrs).shape, dtype: 'float32' }],
    work: (attrs, [x = []], [y]) => sizeOf(y?.shape ?? []) * sizeOf(poolWindow(x, attrs).size),
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const { kernel_shape, strides, pads } = windowAttributes(poolWindow(x.shape, attrs));
      g.set(outputs[0] as Operand, g.op(type, [g.channelsFirst(x)], { kernel_shape, strides, pads }), 'channelsFirst');
    },
  });
}

/**
 * tfjs divides by the whole window at the border too, where the forward pass averages over what is not padding. Each
 * window hands the same share to all its elements: a transposed convolution with a filter of ones.
 */
const averageGradient: AnyKernel = kernel<PoolAttrs>({
  inputs: ['dy', 'input'],
  accepts: (inputs, attrs) => floats(inputs) && fitsPool(inputs[1]?.shape ?? [], attrs),
  infer: (_attrs, [, x = []]) => [{ shape: [...x], dtype: 'float32' }],
  work: (attrs, [dy = [], x = []]) => sizeOf(dy) * sizeOf(poolWindow(x, attrs).size),
  lower(g, { inputs, outputs, attrs }) {
    const [dy, x] = inputs as [Operand, Operand];
    const w = poolWindow(x.shape, attrs);
    const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
    const planes = g.reshape(g.channelsFirst(dy), null, [batch * channels, 1, ...w.output]);
    const ones = g.filled([1, 1, ...w.size], 1, 'float32');
    const attributes = { ...windowAttributes(w), output_padding: leftOver(w) };
    const sums = g.op('ConvTranspose', [planes, ones], attributes);
    const parts = g.op('Mul', [sums, g.float(1 / sizeOf(w.size))]);
    g.set(outputs[0] as Operand, g.reshape(parts, null, [batch, channels, ...w.input]), 'channelsFirst');
  },
});

export const poolingKernels: KernelTable = {
  MaxPool: pool('MaxPool'),
  MaxPool3D: pool('MaxPool'),
  AvgPool: pool('AveragePool'),
  AvgPool3D: pool('AveragePool'),
  MaxPoolGrad: maxGradient,
  MaxPool3DGrad: maxGradient3d,
  AvgPoolGrad: averageGradient,
  AvgPool3DGrad: averageGradient,
};
