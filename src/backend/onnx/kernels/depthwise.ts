import type * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sizeOf } from '../values.js';
import { addBiasAndActivate, knowsActivation } from './activation.js';
import { channelsLast, meetings } from './convolution.js';
import { floats, zipElements } from './elementwise.js';
import { kernel, type KernelTable } from './kernel.js';
import { conv2dWindow, fitsOnnx, leftOver, windowAttributes, type ConvAttrs, type Window } from './window.js';

interface Attrs extends ConvAttrs {
  dataFormat?: string;
  inputShape?: number[];
  filterShape?: number[];
}

type Shape4 = [number, number, number, number];

const windowOf = (x: readonly number[], filter: readonly number[], attrs: Attrs) =>
  conv2dWindow(x, filter, attrs, true);

/** tfjs's filter [height, width, channels, multiplier] as ONNX's [channels * multiplier, 1, height, width]. */
function weights(g: Graph, filter: Operand): string {
  const [h, w, c, m] = filter.shape as unknown as Shape4;
  return g.reshape(g.transposed(filter, [2, 3, 0, 1]), null, [c * m, 1, h, w]);
}

function convolve(g: Graph, x: Operand, filter: Operand, w: Window): string {
  return g.op('Conv', [g.channelsFirst(x), weights(g, filter)], {
    ...windowAttributes(w),
    group: x.shape[3] as number,
  });
}

export const depthwiseKernels: KernelTable = {
  DepthwiseConv2dNative: kernel<Attrs>({
    inputs: ['x', 'filter'],
    accepts: (inputs, attrs) => {
      const [x, filter] = inputs as [tf.TensorInfo, tf.TensorInfo];
      return floats(inputs) && channelsLast(attrs) && fitsOnnx(windowOf(x.shape, filter.shape, attrs));
    },
    infer: (attrs, [x = [], filter = []]) => [{ shape: windowOf(x, filter, attrs).shape, dtype: 'float32' }],
    work: (_attrs, [, filter = []], [y]) => sizeOf(y?.shape ?? []) * sizeOf(filter.slice(0, 2)),
    lower(g, { inputs, outputs, attrs }) {
      const [x, filter] = inputs as [Operand, Operand];
      g.set(outputs[0] as Operand, convolve(g, x, filter, windowOf(x.shape, filter.shape, attrs)), 'channelsFirst');
    },
  }),
  FusedDepthwiseConv2D: kernel<tf.FusedDepthwiseConv2DAttrs>({
    inputs: ['x', 'filter', 'bias?', 'preluActivationWeights?'],
    accepts: (inputs, attrs) => {
      const [x, filter] = inputs as [tf.TensorInfo, tf.TensorInfo];
      if (!floats(inputs) || !channelsLast(attrs) || !knowsActivation(attrs.activation)) return false;
      return fitsOnnx(windowOf(x.shape, filter.shape, attrs));
    },
    infer: (attrs, [x = [], filter = []]) => [{ shape: windowOf(x, filter, attrs).shape, dtype: 'float32' }],
    work: (_attrs, [, filter = []], [y]) => sizeOf(y?.shape ?? []) * sizeOf(filter.slice(0, 2)),
    lower(g, call) {
      const [x, filter] = call.inputs as [Operand, Operand];
      const { activation, leakyreluAlpha: alpha } = call.attrs as tf.FusedDepthwiseConv2DAttrs & {
        leakyreluAlpha?: number;
      };
      const name = convolve(g, x, filter, windowOf(x.shape, filter.shape, call.attrs));
      const options = { bias: call.optional(2), activation, prelu: call.optional(3), alpha };
      addBiasAndActivate(g, call.outputs[0] as Operand, { name, layout: 'channelsFirst' }, options, (y, bias, sum) =>
        zipElements(g, y, bias, sum, (p, q) => g.op('Add', [p, q])),
      );
    },
  }),
  DepthwiseConv2dNativeBackpropInput: kernel<Attrs>({
    inputs: ['dy', 'filter'],
    accepts: (inputs, attrs) => {
      const filter = inputs[1] as tf.TensorInfo;
      return (
        floats(inputs) && channelsLast(attrs) && fitsOnnx(windowOf(attrs.inputShape as number[], filter.shape, attrs))
      );
    },
    infer: ({ inputShape }) => [{ shape: [...(inputShape as number[])], dtype: 'float32' }],
    work: (_attrs, [dy = [], filter = []]) => sizeOf(dy) * sizeOf(filter.slice(0, 2)),
    lower(g, { inputs, outputs, attrs }) {
      const [dy, filter] = inputs as [Operand, Operand];
      const w = windowOf(attrs.inputShape as number[], filter.shape, attrs);
      const group = filter.shape[2] as number;
      const attributes = { ...windowAttributes(w), group, output_padding: leftOver(w) };
      const name = g.op('ConvTranspose', [g.channelsFirst(dy), weights(g, filter)], attributes);
      g.set(outputs[0] as Operand, name, 'channelsFirst');
    },
  }),
  DepthwiseConv2dNativeBackpropFilter: kernel<Attrs>({
    inputs: ['x', 'dy'],
    accepts: (inputs, attrs) => {
      const x = inputs[0] as tf.TensorInfo;
      return floats(inputs) && channelsLast(attrs) && fitsOnnx(windowOf(x.shape, attrs.filterShape as number[], attrs));
    },
    infer: ({ filterShape }) => [{ shape: [...(filterShape as number[])], dtype: 'float32' }],
    work: ({ filterShape = [] }, [, dy = []]) => sizeOf(dy) * sizeOf(filterShape.slice(0, 2)),
    lower(g, { inputs, outputs, attrs }) {
      const [x, dy] = inputs as [Operand, Operand];
      const [y] = outputs as [Operand];
      const w = windowOf(x.shape, y.shape, attrs);
      const [, , channels, multiplier] = y.shape as unknown as Shape4;
      const [batch, pixels] = [x.shape[0] as number, sizeOf(w.output)];
      const grad = g.reshape(g.channelsFirst(dy), null, [batch, channels, multiplier, pixels]);
      const rows = meetings(g, x, w).map((part) => {
        const images = g.reshape(part, null, [batch, channels, 1, pixels]);
        const sums = g.op('ReduceSum', [g.op('Mul', [images, grad]), g.int64([0, 3])], { keepdims: 0 });
        return g.reshape(sums, null, [1, channels, multiplier]);
      });
      g.set(y, g.reshape(g.op('Concat', rows, { axis: 0 }), null, y.shape));
    },
  }),
};
