import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { elementType } from '../graph/proto.js';
import { sizeOf, type NumericType, type Shape } from '../values.js';
import { numbers } from './elementwise.js';
import { kernel, type KernelTable } from './kernel.js';

/** Up to this many rows, adding up rows by their number is done by a matrix product with zeros and ones. */
const ONE_HOT_ROWS = 4_096;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

export const indexingKernels: KernelTable = {
  Slice: kernel<{ size: number[] }>({
    inputs: ['x'],
    exact: true,
    accepts: (inputs, attrs) => {
      const [x] = inputs;
      if (x === undefined) return false;
      const { begin, size } = attrs as unknown as tf.SliceAttrs;
      const [from, lengths] = tf.slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
      tf.slice_util.assertParamsValid(x, from, lengths);
      return sizeOf(lengths) > 0 && x.shape.length > 0;
    },
    // Where a slice begins differs from batch to batch; that must not be another graph each time.
    vary: (attrs, [x]) => {
      const { begin, size } = attrs as unknown as tf.SliceAttrs;
      const [from, lengths] = tf.slice_util.parseSliceParams(x as tf.TensorInfo, begin, size) as [number[], number[]];
      return { attrs: { size: lengths }, numbers: from, dtype: 'int32' };
    },
    unvary: ({ size }, begin) => ({ begin, size }),
    infer: ({ size }, _shapes, [dtype = 'float32']) => [{ shape: [...size], dtype }],
    lower(g, { inputs, outputs, attrs: { size } }) {
      const [x, begin] = inputs as [Operand, Operand];
      const axes = g.int64(range(size.length));
      if (begin.constant !== null) {
        const from = size.map((_, i) => begin.constant?.[begin.constant.length === 1 ? 0 : i] as number);
        const to = from.map((b, i) => b + (size[i] as number));
        return g.set(outputs[0] as Operand, g.op('Slice', [g.natural(x), g.int64(from), g.int64(to), axes]));
      }
      const from = g.cast(g.natural(begin), 'int64');
      const to = g.op('Add', [from, g.int64(size)]);
      g.set(outputs[0] as Operand, g.op('Slice', [g.natural(x), from, to, axes]));
    },
  }),
  StridedSlice: kernel<tf.StridedSliceAttrs>({
    inputs: ['x'],
    exact: true,
    accepts: ([x], attrs) => x !== undefined && sizeOf(strided(x.shape, attrs).finalShape) > 0,
    infer: (attrs, [shape = []], [dtype = 'float32']) => [{ shape: strided(shape, attrs).finalShape, dtype }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const [y] = outputs as [Operand];
      const { begin, end, strides, isIdentity } = strided(x.shape, attrs);
      if (isIdentity) return g.set(y, g.reshape(g.natural(x), x.shape, y.shape));
      // Going backwards past the first element: ONNX would count an end of -1 from the back.
      const ends = end.map((e, i) => ((strides[i] as number) < 0 && e < 0 ? -(2 ** 31) : e));
      const params = [begin, ends, range(begin.length), strides].map((list) => g.int64(list));
      g.set(y, g.reshape(g.op('Slice', [g.natural(x), ...params]), null, y.shape));
    },
  }),
  OneHot: kernel<tf.OneHotAttrs>({
    inputs: ['indices'],
    exact: true,
    accepts: ([indices], { dtype, depth }) => indices?.dtype === 'int32' && dtype in elementType && depth > 0,
    infer: ({ depth, dtype }, [shape = []]) => [{ shape: [...shape, depth], dtype: dtype as NumericType }],
    lower(g, { inputs, outputs, attrs: { depth, onValue, offValue } }) {
      const [indices] = inputs as [Operand];
      const [y] = outputs as [Operand];
      const column = g.reshape(g.natural(indices), null, [...indices.shape, 1]);
      const hits = g.op('Equal', [column, g.constants.list('int32', range(depth))]);
      if (onValue === 1 && offValue === 0) return g.set(y, y.dtype === 'bool' ? hits : g.cast(hits, y.dtype));
      const chosen = g.op('Where', [hits, g.float(onValue), g.float(offValue)]);
      g.set(y, y.dtype === 'float32' ? chosen : g.cast(chosen, y.dtype));
    },
  }),
  GatherV2: kernel<tf.GatherV2Attrs>({
    inputs: ['x', 'indices'],
    exact: true,
    accepts: ([, indices], { batchDims }) => !batchDims && indices?.dtype === 'int32',
    infer: ({ axis }, [shape = [], indices = []], [dtype = 'float32']) => {
      const [along = 0] = tf.util.parseAxisParam(axis, [...shape]);
      return [{ shape: [...shape.slice(0, along), ...indices, ...shape.slice(along + 1)], dtype }];
    },
    lower(g, { inputs, outputs, attrs }) {
      const [x, indices] = inputs as [Operand, Operand];
      const [axis = 0] = tf.util.parseAxisParam(attrs.axis, [...x.shape]);
      g.set(outputs[0] as Operand, g.op('Gather', [g.natural(x), g.natural(indices)], { axis }));
    },
  }),
  GatherNd: kernel({
    inputs: ['params', 'indices'],
    exact: true,
    accepts: ([params, indices]) => {
      tf.gather_util.prepareAndValidate(params as tf.TensorInfo, indices as tf.TensorInfo);
      return indices?.dtype === 'int32' && (indices.shape.at(-1) ?? 0) > 0;
    },
    infer: (_attrs, [params = [], indices = []], [dtype = 'float32']) => [
      { shape: [...indices.slice(0, -1), ...params.slice(indices.at(-1) as number)], dtype },
    ],
    lower(g, { inputs, outputs }) {
      const [params, indices] = inputs as [Operand, Operand];
      g.set(outputs[0] as Operand, g.op('GatherND', [g.natural(params), g.cast(g.natural(indices), 'int64')]));
    },
  }),
  TensorScatterUpdate: kernel({
    inputs: ['tensor', 'indices', 'updates'],
    exact: true,
    accepts: ([tensor, indices, updates]) => indices?.dtype === 'int32' && tensor?.dtype === updates?.dtype,
    infer: (_attrs, [shape = []], [dtype = 'float32']) => [{ shape: [...shape], dtype }],
    lower(g, { inputs, outputs }) {
      const [tensor, indices, updates] = inputs as [Operand, Operand, Operand];
      const at = g.cast(g.natural(indices), 'int64');
      g.set(outputs[0] as Operand, g.op('ScatterND', [g.natural(tensor), at, g.natural(updates)]));
    },
  }),
  UnsortedSegmentSum: kernel<tf.UnsortedSegmentSumAttrs>({
    inputs: ['x', 'segmentIds'],
    accepts: ([x, ids], { numSegments }) =>
      x?.dtype === 'float32' && ids?.dtype === 'int32' && ids.shape.length === 1 && numSegments > 0,
    infer: ({ numSegments }, [shape = []]) => [{ shape: [numSegments, ...shape.slice(1)], dtype: 'float32' }],
    work: ({ numSegments }, [shape = []]) => Math.min(numSegments, 64) * sizeOf(shape),
    lower(g, { inputs, outputs, attrs: { numSegments } }) {
      const [x, ids] = inputs as [Operand, Operand];
      const [y] = outputs as [Operand];
      const rows = ids.shape[0] as number;
      const width = sizeOf(x.shape) / rows;
      const values = g.reshape(g.natural(x), x.shape, [rows, width]);
      const column = g.reshape(g.natural(ids), null, [rows, 1]);
      const sums = numSegments <= ONE_HOT_ROWS ? byProduct : byScatter;
      g.set(y, g.reshape(sums(g, values, column, numSegments, [rows, width]), null, y.shape));
    },
  }),
  ScatterNd: kernel<tf.ScatterNdAttrs>({
    inputs: ['indices', 'updates'],
    // With several indices for one element, the order of the additions would be open.
    accepts: ([indices, updates], { shape }) =>
      numbers([updates as tf.TensorInfo]) &&
      indices?.dtype === 'int32' &&
      shape.length > 0 &&
      indices.shape.at(-1) === 1,
    infer: ({ shape }, _shapes, [, dtype = 'float32']) => [{ shape: [...shape], dtype }],
    lower(g, { inputs, outputs, attrs: { shape } }) {
      const [indices, updates] = inputs as [Operand, Operand];
      const [y] = outputs as [Operand];
      const rows = sizeOf(indices.shape);
      const width = sizeOf(updates.shape) / rows;
      const column = g.reshape(g.natural(indices), null, [rows, 1]);
      const values = g.reshape(g.natural(updates), null, [rows, width]);
      const start = g.filled([shape[0] as number, width], 0, y.dtype);
      g.set(y, g.reshape(addRows(g, start, column, values, [rows, width]), null, shape));
    },
  }),
};

function strided(shape: Shape, attrs: tf.StridedSliceAttrs) {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  return tf.slice_util.sliceInfo(
    [...shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
}

function byProduct(g: Graph, values: string, column: string, segments: number): string {
  const hits = g.cast(g.op('Equal', [column, g.constants.list('int32', range(segments))]), 'float32');
  return g.op('Gemm', [hits, values], { transA: 1 });
}

/** Numbers outside the table add to nothing, as on the cpu backend. */
function byScatter(g: Graph, values: string, column: string, segments: number, shape: Shape): string {
  const outside = g.op('Or', [
    g.op('Less', [column, g.scalar('int32', 0)]),
    g.op('GreaterOrEqual', [column, g.scalar('int32', segments)]),
  ]);
  const rows = g.op('Where', [outside, g.scalar('int32', 0), column]);
  const added = g.op('Where', [outside, g.float(0), values]);
  return addRows(g, g.filled([segments, shape[1] as number], 0, 'float32'), rows, added, shape);
}

/** Adds each row to the row of that number, in order: ScatterND would add in any order when it runs on several threads. */
function addRows(g: Graph, start: string, column: string, values: string, shape: Shape): string {
  const everywhere = g.op('Expand', [g.cast(column, 'int64'), g.int64(shape)]);
  return g.op('ScatterElements', [start, everywhere, values], { axis: 0, reduction: 'add' });
}
