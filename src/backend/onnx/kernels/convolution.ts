import type * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sameShape, sizeOf, type Shape } from '../values.js';
import { addBiasAndActivate, knowsActivation } from './activation.js';
import { convolveInBlocks, filterGradientInBlocks, fitsBlocks } from './blocked.js';
import { floats, zipElements } from './elementwise.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';
import {
  conv2dWindow,
  conv3dWindow,
  fitsOnnx,
  leftOver,
  offsets,
  windowAttributes,
  type ConvAttrs,
  type Window,
} from './window.js';

/** Elements of the unfolded input above which a filter's gradient is summed position by position, to spare memory. */
const UNFOLD_AT_MOST = 2 ** 26;

/** Pixels of a result above which its filter's gradient is sooner had by products of the unfolded images. */
const GRADIENT_IN_BLOCKS_UP_TO = 128;

interface Attrs extends ConvAttrs {
  dataFormat?: string;
  inputShape?: number[];
  filterShape?: number[];
}

/** What differs between two and three spatial axes. */
type WindowOf = (x: Shape, filter: Shape, attrs: Attrs) => Window;

/** [...size, in, out] -> [out, in, ...size] */
function filterFirst(rank: number): number[] {
  return [rank - 1, rank - 2, ...Array.from({ length: rank - 2 }, (_, i) => i)];
}

export function channelsLast(attrs: { dataFormat?: string }): boolean {
  return !attrs.dataFormat || attrs.dataFormat === 'NHWC' || attrs.dataFormat === 'NDHWC';
}

function convolve(g: Graph, x: Operand, filter: Operand, w: Window, ...bias: string[]): string {
  const [cin, cout] = filter.shape.slice(-2) as [number, number];
  if (fitsBlocks(g, w.size, cin, cout)) {
    const blocked = { name: g.natural(filter), size: w.size, channels: { in: cin, out: cout }, outLast: true };
    return convolveInBlocks(g, g.channelsFirst(x), blocked, windowAttributes(w), ...bias);
  }
  const weights = g.transposed(filter, filterFirst(filter.shape.length));
  return g.op('Conv', [g.channelsFirst(x), weights, ...bias], windowAttributes(w));
}

/**
 * Sets y to x + bias where x is a convolution that nobody else needs, false where it is not. The native operator adds the
 * bias to the finished sums, so it rounds as an addition on its own.
 */
export function convolutionPlusBias(g: Graph, x: Operand, bias: Operand, y: Operand): boolean {
  if (bias.shape.length !== 1 || bias.shape[0] !== x.shape.at(-1)) return false;
  for (const [name, windowOf] of [['Conv2D', conv2d] as const, ['Conv3D', conv3d] as const]) {
    const call = g.onlyUsed(x, name);
    if (!call) continue;
    const [images, filter] = call.inputs as [Operand, Operand];
    const w = windowOf(images.shape, filter.shape, call.attrs as Attrs);
    g.set(y, convolve(g, images, filter, w, g.natural(bias)), 'channelsFirst');
    return true;
  }
  return false;
}

function forward(windowOf: WindowOf): AnyKernel {
  return kernel<Attrs>({
    inputs: ['x', 'filter'],
    accepts: (inputs, attrs) => floats(inputs) && channelsLast(attrs) && fitsOnnx(windowFor(windowOf, inputs, attrs)),
    infer: (attrs, [x = [], filter = []]) => [{ shape: windowOf(x, filter, attrs).shape, dtype: 'float32' }],
    work: (_attrs, [, filter = []], [y]) => sizeOf(y?.shape ?? []) * sizeOf(filter.slice(0, -1)),
    lower(g, { inputs, outputs, attrs }) {
      const [x, filter] = inputs as [Operand, Operand];
      const y = outputs[0] as Operand;
      const w = windowOf(x.shape, filter.shape, attrs);
      // With a bias it is one operator.
      g.setLater(y, () => g.set(y, convolve(g, x, filter, w), 'channelsFirst'));
    },
  });
}

/** The gradient with respect to the images: a transposed convolution. */
function inputGradient(windowOf: WindowOf): AnyKernel {
  return kernel<Attrs>({
    inputs: ['dy', 'filter'],
    accepts: (inputs, attrs) => {
      const [dy, filter] = inputs;
      if (!floats(inputs) || !channelsLast(attrs)) return false;
      const w = windowFor(windowOf, [dy, filter], attrs, attrs.inputShape);
      return fitsOnnx(w) && sameShape(w.shape, dy?.shape ?? []);
    },
    infer: ({ inputShape }) => [{ shape: [...(inputShape as number[])], dtype: 'float32' }],
    work: (_attrs, [dy = [], filter = []]) => sizeOf(dy) * sizeOf(filter.slice(0, -1)),
    lower(g, { inputs, outputs, attrs }) {
      const [dy, filter] = inputs as [Operand, Operand];
      const w = windowOf(attrs.inputShape as number[], filter.shape, attrs);
      const size = [...w.size];
      const [cin, cout] = filter.shape.slice(-2) as [number, number];
      const before = w.before.map((p, i) => w.dilations[i]! * (size[i]! - 1) - p);
      const after = w.after.map((p, i) => w.dilations[i]! * (size[i]! - 1) - p);
      if (w.strides.every((s) => s === 1) && [...before, ...after].every((p) => p >= 0)) {
        // A plain convolution with the flipped filter is several times faster than ONNX Runtime's transposed one.
        const n = sizeOf(size);
        const flat = g.reshape(g.natural(filter), filter.shape, [n, cin, cout]);
        const flipped = g.op('Gather', [flat, g.int64(Array.from({ length: n }, (_, i) => n - 1 - i))], { axis: 0 });
        const attributes = { kernel_shape: size, dilations: w.dilations, pads: [...before, ...after] };
        let dx: string;
        if (fitsBlocks(g, size, cin, cout)) {
          const blocked = { name: flipped, size, channels: { in: cout, out: cin }, outLast: false };
          dx = convolveInBlocks(g, g.channelsFirst(dy), blocked, attributes);
        } else {
          const weights = g.reshape(g.transpose(flipped, [1, 2, 0]), null, [cin, cout, ...size]);
          dx = g.op('Conv', [g.channelsFirst(dy), weights], attributes);
        }
        return g.set(outputs[0] as Operand, dx, 'channelsFirst');
      }
      const weights = g.transposed(filter, filterFirst(filter.shape.length));
      const attributes = { ...windowAttributes(w), output_padding: leftOver(w) };
      g.set(outputs[0] as Operand, g.op('ConvTranspose', [g.channelsFirst(dy), weights], attributes), 'channelsFirst');
    },
  });
}

/**
 * The parts of images, padded with a number, that one element of the window meets, for each element:
 * [batch, channels, ...output].
 */
export function meetings(g: Graph, x: Operand, w: Window, padding = 0): string[] {
  let images = g.channelsFirst(x);
  if ([...w.before, ...w.after].some((p) => p > 0)) {
    images = g.op('Pad', [images, g.int64([0, 0, ...w.before, 0, 0, ...w.after]), g.float(padding)]);
  }
  const axes = g.int64(w.size.map((_, i) => i + 2));
  return offsets(w).map((at) => {
    const from = at.map((o, i) => o * w.dilations[i]!);
    const to = from.map((o, i) => o + (w.output[i]! - 1) * w.strides[i]! + 1);
    return g.op('Slice', [images, g.int64(from), g.int64(to), axes, g.int64(w.strides)]);
  });
}

/** The gradient with respect to the filter: the unfolded images times dy, summed over the batch. */
function filterGradient(windowOf: WindowOf): AnyKernel {
  return kernel<Attrs>({
    inputs: ['x', 'dy'],
    accepts: (inputs, attrs) => {
      const [x] = inputs;
      return (
        floats(inputs) &&
        channelsLast(attrs) &&
        fitsOnnx(windowOf(x?.shape ?? [], attrs.filterShape as number[], attrs))
      );
    },
    infer: ({ filterShape }) => [{ shape: [...(filterShape as number[])], dtype: 'float32' }],
    work: ({ filterShape = [] }, [, dy = []]) => sizeOf(dy) * sizeOf(filterShape.slice(0, -1)),
    lower(g, { inputs, outputs, attrs }) {
      const [x, dy] = inputs as [Operand, Operand];
      const [y] = outputs as [Operand];
      const w = windowOf(x.shape, y.shape, attrs);
      const [cin, cout] = y.shape.slice(-2) as [number, number];
      const [batch, pixels] = [x.shape[0] as number, sizeOf(w.output)];
      const after = leftOver(w).map((left, i) => w.after[i]! - left);
      const few = pixels <= GRADIENT_IN_BLOCKS_UP_TO && after.every((p) => p >= 0);
      if (few && fitsBlocks(g, w.size, batch, cout)) {
        const attributes = {
          kernel_shape: w.output,
          strides: w.dilations,
          dilations: w.strides,
          pads: [...w.before, ...after],
        };
        const dimensions = { batch, out: cout, size: w.output };
        const gradient = filterGradientInBlocks(g, g.channelsFirst(x), g.channelsFirst(dy), dimensions, attributes);
        return g.set(y, g.transpose(gradient, [2, 3, 0, 1]));
      }
      const grad = g.reshape(g.channelsFirst(dy), null, [batch, cout, pixels]);
      const summed = (unfolded: string, rows: number) => {
        const columns = g.reshape(unfolded, null, [batch, rows, pixels]);
        const products = g.op('FusedMatMul', [columns, grad], { transB: 1 }, 'com.microsoft');
        return g.op('ReduceSum', [products, g.int64([0])], { keepdims: 0 });
      };
      const parts = meetings(g, x, w);
      const [first] = parts as [string];
      const n = parts.length;
      let result: string;
      if (n === 1) result = summed(first, cin);
      else if (n * batch * cin * pixels <= UNFOLD_AT_MOST) result = summed(g.op('Concat', parts, { axis: 1 }), n * cin);
      else
        result = g.op(
          'Concat',
          parts.map((part) => summed(part, cin)),
          { axis: 0 },
        );
      g.set(y, g.reshape(result, null, y.shape));
    },
  });
}

function windowFor(
  windowOf: WindowOf,
  inputs: readonly (tf.TensorInfo | undefined)[],
  attrs: Attrs,
  x?: number[],
): Window {
  return windowOf(x ?? inputs[0]?.shape ?? [], inputs[1]?.shape ?? [], attrs);
}

const conv2d: WindowOf = (x, filter, attrs) => conv2dWindow(x, filter, attrs);
const conv3d: WindowOf = (x, filter, attrs) => conv3dWindow(x, filter, attrs);

export const convolutionKernels: KernelTable = {
  Conv2D: forward(conv2d),
  Conv2DBackpropInput: inputGradient(conv2d),
  Conv2DBackpropFilter: filterGradient(conv2d),
  Conv3D: forward(conv3d),
  Conv3DBackpropInputV2: inputGradient(conv3d),
  Conv3DBackpropFilterV2: filterGradient(conv3d),
  FusedConv2D: kernel<tf.FusedConv2DAttrs>({
    inputs: ['x', 'filter', 'bias?', 'preluActivationWeights?'],
    accepts: (inputs, attrs) =>
      floats(inputs) &&
      channelsLast(attrs) &&
      knowsActivation(attrs.activation) &&
      fitsOnnx(windowFor(conv2d, inputs, attrs)),
    infer: (attrs, [x = [], filter = []]) => [{ shape: conv2d(x, filter, attrs).shape, dtype: 'float32' }],
    work: (_attrs, [, filter = []], [y]) => sizeOf(y?.shape ?? []) * sizeOf(filter.slice(0, -1)),
    lower(g, call) {
      const [x, filter] = call.inputs as [Operand, Operand];
      const { activation, leakyreluAlpha: alpha } = call.attrs;
      const name = convolve(g, x, filter, conv2d(x.shape, filter.shape, call.attrs));
      const options = { bias: call.optional(2), activation, prelu: call.optional(3), alpha };
      addBiasAndActivate(g, call.outputs[0] as Operand, { name, layout: 'channelsFirst' }, options, (y, bias, sum) =>
        zipElements(g, y, bias, sum, (p, q) => g.op('Add', [p, q])),
      );
    },
  }),
};
