import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sizeOf, type NumericType, type Shape } from '../values.js';
import { allOf, floats, numbers } from './elementwise.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';

interface ReduceAttrs {
  axis?: number | number[];
  reductionIndices?: number | number[];
  keepDims?: boolean;
}

function axesOf({ axis, reductionIndices }: ReduceAttrs, shape: Shape): number[] {
  return tf.util.parseAxisParam((axis ?? reductionIndices) as number[], [...shape]).sort((a, b) => a - b);
}

function reducedShape(attrs: ReduceAttrs, shape: Shape): number[] {
  const axes = axesOf(attrs, shape);
  if (attrs.keepDims) return shape.map((n, i) => (axes.includes(i) ? 1 : n));
  return shape.filter((_, i) => !axes.includes(i));
}

/** Reduces x, of that shape, along axes, which stay as axes of length 1 where `keepdims` is 1. */
type Reduce = (g: Graph, x: string, axes: number[], dtype: NumericType, keepdims: 0 | 1, shape: Shape) => string;

/** Longer rows of ones are not stored in graphs. */
const MOST_ONES = 65_536;

/** `as` is the type a reduction computes in, and of its result. */
function reduction(reduce: Reduce, accepts = numbers, as = (dtype: NumericType) => dtype): AnyKernel {
  return kernel<ReduceAttrs>({
    inputs: ['x'],
    accepts,
    infer: (attrs, [shape = []], [dtype = 'float32']) => [{ shape: reducedShape(attrs, shape), dtype: as(dtype) }],
    work: (_attrs, [shape = []]) => sizeOf(shape),
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const rank = x.shape.length;
      const axes = axesOf(attrs, x.shape);
      // The gradient of a bias of images: summed in the layout convolutions leave them in. Which layout it is decides the
      // order of the summation, so it never depends on the layout at hand.
      const perChannel = rank >= 4 && axes.length === rank - 1 && !axes.includes(rank - 1);
      const name = perChannel ? g.channelsFirst(x) : g.natural(x);
      const along = perChannel ? axes.map((a) => (a === 0 ? 0 : a + 1)) : axes;
      const laidOut = perChannel ? [x.shape[0]!, x.shape.at(-1)!, ...x.shape.slice(1, -1)] : x.shape;
      const typed = as(x.dtype) === x.dtype ? name : g.cast(name, as(x.dtype));
      if (axes.length === 0) return g.set(outputs[0] as Operand, typed);
      const keepdims = attrs.keepDims && !perChannel ? 1 : 0;
      const reduced = reduce(g, typed, along, x.dtype, keepdims, laidOut);
      const shape = outputs[0]?.shape ?? [];
      g.set(outputs[0] as Operand, attrs.keepDims && perChannel ? g.reshape(reduced, null, shape) : reduced);
    },
  });
}

const simple = (type: string): Reduce => {
  return (g, x, axes, _dtype, keepdims) => g.op(type, [x, g.int64(axes)], { keepdims });
};

/**
 * A sum over the first axes, as the gradient of a bias is, is a product with a row of ones: a little faster, and on
 * several threads much, because the native sum wakes them for what is hardly worth it.
 */
const sum: Reduce = (g, x, axes, dtype, keepdims, shape) => {
  const [rows, rest] = [sizeOf(shape.slice(0, axes.length)), shape.slice(axes.length)];
  const leading = rest.length > 0 && axes.every((axis, i) => axis === i);
  if (!leading || dtype !== 'float32' || rows < 2 || rows > MOST_ONES)
    return simple('ReduceSum')(g, x, axes, dtype, keepdims, shape);
  const ones = g.once(`ones:${rows}`, () => g.constants.table(new Float32Array(rows).fill(1), [rows]));
  const sums = g.op('MatMul', [ones, g.reshape(x, shape, [rows, sizeOf(rest)])]);
  return g.reshape(sums, [sizeOf(rest)], keepdims ? [...axes.map(() => 1), ...rest] : rest);
};

/** Native extremes pass over NaN; here one NaN makes the result NaN, so that a run gone wrong can be seen. */
const extreme = (type: string): Reduce => {
  return (g, x, axes, dtype, keepdims) => {
    const best = g.op(type, [x, g.int64(axes)], { keepdims });
    if (dtype !== 'float32') return best;
    // A sum of squares is NaN just where one of them is.
    const found = g.op('IsNaN', [g.op('ReduceSumSquare', [x, g.int64(axes)], { keepdims })]);
    return g.op('Where', [found, g.float(Number.NaN), best]);
  };
};

const logical = (type: string): Reduce => {
  return (g, x, axes, _dtype, keepdims) =>
    g.cast(g.op(type, [g.cast(x, 'int32'), g.int64(axes)], { keepdims }), 'bool');
};

const argument = (type: string, worst: number): AnyKernel =>
  kernel<tf.ArgMaxAttrs>({
    inputs: ['x'],
    accepts: numbers,
    infer: ({ axis }, [shape = []]) => [{ shape: reducedShape({ axis }, shape), dtype: 'int32' }],
    work: (_attrs, [shape = []]) => sizeOf(shape),
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const [axis] = axesOf({ axis: attrs.axis }, x.shape) as [number];
      const name = g.natural(x);
      // NaN never wins.
      const known = x.dtype === 'float32' ? g.op('Where', [g.op('IsNaN', [name]), g.float(worst), name]) : name;
      g.set(outputs[0] as Operand, g.cast(g.op(type, [known], { axis, keepdims: 0 }), 'int32'));
    },
  });

export const reduceKernels: KernelTable = {
  Sum: reduction(sum, allOf('float32', 'int32', 'bool'), (type) => (type === 'bool' ? 'int32' : type)),
  Mean: reduction(simple('ReduceMean'), allOf('float32', 'int32', 'bool'), () => 'float32'),
  Max: reduction(extreme('ReduceMax')),
  Min: reduction(extreme('ReduceMin')),
  Prod: reduction(simple('ReduceProd')),
  All: reduction(logical('ReduceMin'), allOf('bool')),
  Any: reduction(logical('ReduceMax'), allOf('bool')),
  ArgMax: argument('ArgMax', -Infinity),
  ArgMin: argument('ArgMin', Infinity),

  Softmax: kernel<tf.SoftmaxAttrs>({
    inputs: ['logits'],
    accepts: floats,
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const axis = attrs.dim < 0 ? attrs.dim + x.shape.length : attrs.dim;
      g.set(outputs[0] as Operand, g.op('Softmax', [g.natural(x)], { axis }));
    },
  }),
  Cumsum: kernel<tf.CumsumAttrs>({
    inputs: ['x'],
    accepts: numbers,
    infer: (_attrs, [shape = []], [dtype = 'float32']) => [{ shape: [...shape], dtype }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const [axis] = axesOf({ axis: attrs.axis }, x.shape) as [number];
      const flags = { exclusive: attrs.exclusive ? 1 : 0, reverse: attrs.reverse ? 1 : 0 };
      g.set(outputs[0] as Operand, g.op('CumSum', [g.natural(x), g.int64([axis])], flags));
    },
  }),
  Cumprod: kernel<tf.CumprodAttrs>({
    inputs: ['x'],
    accepts: floats,
    infer: (_attrs, [shape = []], [dtype = 'float32']) => [{ shape: [...shape], dtype }],
    work: (_attrs, [shape = []]) => sizeOf(shape) * Math.ceil(Math.log2(shape.at(-1) ?? 1)),
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const [axis] = axesOf({ axis: attrs.axis }, x.shape) as [number];
      const n = x.shape[axis] as number;
      /** Moved along the axis by `by`, away from where the products begin; ones come after. */
      const moved = (name: string, by: number) => {
        const at = (before: number, after: number) => x.shape.map((_, i) => (i === axis ? [before, after] : [0, 0]));
        const pads = attrs.reverse ? at(-by, by) : at(by, -by);
        return g.op('Pad', [name, g.int64([...pads.map((p) => p[0]!), ...pads.map((p) => p[1]!)]), g.float(1)]);
      };
      let products = attrs.exclusive ? moved(g.natural(x), 1) : g.natural(x);
      // After each round an element is the product of twice as many.
      for (let by = 1; by < n; by *= 2) products = g.op('Mul', [products, moved(products, by)]);
      g.set(outputs[0] as Operand, products);
    },
  }),
  TopK: kernel<tf.TopKAttrs>({
    inputs: ['x'],
    accepts: (inputs, { k }) => numbers(inputs) && k > 0,
    infer: ({ k }, [shape = []], [dtype = 'float32']) => {
      const top = [...shape.slice(0, -1), k];
      return [
        { shape: top, dtype },
        { shape: top, dtype: 'int32' },
      ];
    },
    work: (_attrs, [shape = []]) => sizeOf(shape),
    lower(g, { inputs, outputs, attrs }) {
      const [values, indices] = outputs as [Operand, Operand];
      const [v, i] = g.ops('TopK', [g.natural(inputs[0] as Operand), g.int64([attrs.k])], 2, { sorted: 1 }) as [
        string,
        string,
      ];
      g.set(values, v);
      g.set(indices, g.cast(i, 'int32'));
    },
  }),
};
