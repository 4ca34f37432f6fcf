import * as tf from '@tensorflow/tfjs-core';
import type { Operand } from '../graph/operand.js';
import { sizeOf } from '../values.js';
import { numbers, passOn } from './elementwise.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';

const sameType = (inputs: readonly tf.TensorInfo[]) => inputs.every((t) => t.dtype === inputs[0]?.dtype);
const hasElements = (shape: readonly number[]) => sizeOf(shape) > 0;

/** Every element is the same number, so nothing is spelled out until somebody needs it. */
const filled = (value: number): AnyKernel =>
  kernel({
    inputs: ['x'],
    exact: true,
    infer: (_attrs, [shape = []], [dtype = 'float32']) => [{ shape: [...shape], dtype }],
    lower(g, { outputs }) {
      const [y] = outputs as [Operand];
      g.setCompact(y, g.scalar(y.dtype, value), []);
    },
  });

export const shapeKernels: KernelTable = {
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Fill: kernel<tf.FillAttrs>({
    inputs: [],
    exact: true,
    accepts: (_inputs, { shape, value, dtype }) =>
      typeof value === 'number' && hasElements(shape) && (dtype ?? 'float32') === 'float32',
    infer: ({ shape }) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { outputs, attrs }) {
      g.setCompact(outputs[0] as Operand, g.float(attrs.value as number), []);
    },
  }),
  Transpose: kernel<tf.TransposeAttrs>({
    inputs: ['x'],
    exact: true,
    infer: ({ perm }, [shape = []], [dtype = 'float32']) => [{ shape: perm.map((i) => shape[i] as number), dtype }],
    lower(g, { inputs, outputs, attrs }) {
      g.set(outputs[0] as Operand, g.transposed(inputs[0] as Operand, attrs.perm));
    },
  }),
  Concat: kernel<tf.ConcatAttrs>({
    inputs: 'list',
    exact: true,
    accepts: sameType,
    infer: ({ axis }, shapes, [dtype = 'float32']) => {
      const [along = 0] = tf.util.parseAxisParam(axis, [...(shapes[0] ?? [])]);
      const lists = shapes.map((s) => [...s]);
      tf.backend_util.assertParamsConsistent(lists, along);
      return [{ shape: tf.backend_util.computeOutShape(lists, along), dtype }];
    },
    lower(g, { inputs, outputs, attrs }) {
      const [along = 0] = tf.util.parseAxisParam(attrs.axis, [...(inputs[0]?.shape ?? [])]);
      const names = inputs.map((x) => g.natural(x));
      g.set(outputs[0] as Operand, g.op('Concat', names, { axis: along }));
    },
  }),
  SplitV: kernel<tf.SplitVAttrs>({
    inputs: ['x'],
    exact: true,
    list: true,
    accepts: ([x], attrs) => x !== undefined && splitSizes(x.shape, attrs).sizes.every((n) => n > 0),
    infer: (attrs, [shape = []], [dtype = 'float32']) => {
      const { axis, sizes } = splitSizes(shape, attrs);
      return sizes.map((size) => ({ shape: shape.map((n, i) => (i === axis ? size : n)), dtype }));
    },
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const { axis, sizes } = splitSizes(x.shape, attrs);
      const names = g.ops('Split', [g.natural(x), g.int64(sizes)], sizes.length, { axis });
      outputs.forEach((y, i) => g.set(y, names[i] as string));
    },
  }),
  Pack: kernel<tf.PackAttrs>({
    inputs: 'list',
    exact: true,
    accepts: sameType,
    infer: ({ axis }, shapes, [dtype = 'float32']) => {
      const [shape = []] = shapes;
      for (const other of shapes)
        tf.util.assertShapesMatch([...shape], [...other], 'All tensors passed to stack must have matching shapes');
      return [{ shape: inserted(shape, axis, shapes.length), dtype }];
    },
    lower(g, { inputs, outputs, attrs }) {
      const names = inputs.map((x) => g.reshape(g.natural(x), x.shape, inserted(x.shape, attrs.axis, 1)));
      const axis = attrs.axis < 0 ? attrs.axis + (outputs[0]?.shape.length ?? 0) : attrs.axis;
      g.set(outputs[0] as Operand, g.op('Concat', names, { axis }));
    },
  }),
  Unpack: kernel<tf.UnpackAttrs>({
    inputs: ['value'],
    exact: true,
    list: true,
    infer: ({ axis }, [shape = []], [dtype = 'float32']) => {
      const along = axis < 0 ? axis + shape.length : axis;
      return Array.from({ length: shape[along] as number }, () => ({
        shape: shape.filter((_, i) => i !== along),
        dtype,
      }));
    },
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
      const names = g.ops('Split', [g.natural(x), g.int64(outputs.map(() => 1))], outputs.length, { axis });
      outputs.forEach((y, i) => g.set(y, g.reshape(names[i] as string, null, y.shape)));
    },
  }),
  Tile: kernel<tf.TileAttrs>({
    inputs: ['x'],
    exact: true,
    accepts: (_inputs, { reps }) => reps.every((n) => n > 0),
    infer: ({ reps }, [shape = []], [dtype = 'float32']) => [{ shape: shape.map((n, i) => n * (reps[i] ?? 1)), dtype }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const [y] = outputs as [Operand];
      // Repeating axes of length one is what broadcasting does.
      if (x.shape.every((n, i) => n === 1 || attrs.reps[i] === 1)) return passOn(g, x, y);
      g.set(y, g.op('Tile', [g.natural(x), g.int64(attrs.reps)]));
    },
  }),
  PadV2: kernel<tf.PadV2Attrs>({
    inputs: ['x'],
    exact: true,
    accepts: numbers,
    infer: ({ paddings }, [shape = []], [dtype = 'float32']) => [{ shape: padded(shape, paddings), dtype }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const pads = g.int64([...attrs.paddings.map((p) => p[0]), ...attrs.paddings.map((p) => p[1])]);
      const fill = g.scalar(x.dtype, attrs.constantValue ?? 0);
      const name = attrs.paddings.length === 0 ? g.natural(x) : g.op('Pad', [g.natural(x), pads, fill]);
      g.set(outputs[0] as Operand, name);
    },
  }),
  MirrorPad: kernel<tf.MirrorPadAttrs>({
    inputs: ['x'],
    exact: true,
    accepts: (inputs, { mode, paddings }) => mode === 'reflect' && numbers(inputs) && paddings.length > 0,
    infer: ({ paddings }, [shape = []], [dtype = 'float32']) => [{ shape: padded(shape, paddings), dtype }],
    lower(g, { inputs, outputs, attrs }) {
      const pads = g.int64([...attrs.paddings.map((p) => p[0]), ...attrs.paddings.map((p) => p[1])]);
      g.set(outputs[0] as Operand, g.op('Pad', [g.natural(inputs[0] as Operand), pads], { mode: 'reflect' }));
    },
  }),
  Reverse: kernel<tf.ReverseAttrs>({
    inputs: ['x'],
    exact: true,
    infer: ({ dims }, [shape = []], [dtype = 'float32']) => {
      tf.util.parseAxisParam(dims, [...shape]);
      return [{ shape: [...shape], dtype }];
    },
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const axes = tf.util.parseAxisParam(attrs.dims, [...x.shape]);
      if (axes.length === 0) return passOn(g, x, outputs[0] as Operand);
      // From the last element (-1) to before the first, backwards.
      const list = (n: number) => g.int64(axes.map(() => n));
      g.set(outputs[0] as Operand, g.op('Slice', [g.natural(x), list(-1), list(-(2 ** 31)), g.int64(axes), list(-1)]));
    },
  }),
  DepthToSpace: kernel<tf.DepthToSpaceAttrs>({
    inputs: ['x'],
    exact: true,
    accepts: (_inputs, { dataFormat }) => dataFormat === 'NHWC',
    infer: ({ blockSize: n }, [[b = 0, h = 0, w = 0, c = 0] = []], [dtype = 'float32']) => [
      { shape: [b, h * n, w * n, c / (n * n)], dtype },
    ],
    lower(g, { inputs, outputs, attrs: { blockSize: n } }) {
      const [x] = inputs as [Operand];
      const [b, h, w, c] = x.shape as [number, number, number, number];
      const blocks = g.reshape(g.natural(x), x.shape, [b, h, w, n, n, c / (n * n)]);
      g.set(outputs[0] as Operand, g.reshape(g.transpose(blocks, [0, 1, 3, 2, 4, 5]), null, outputs[0]?.shape ?? []));
    },
  }),
  SpaceToBatchND: kernel<tf.SpaceToBatchNDAttrs>({
    inputs: ['x'],
    exact: true,
    accepts: numbers,
    infer: (attrs, [shape = []], [dtype = 'float32']) => [{ shape: toBatch(shape, attrs).flat, dtype }],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const { pads, split, perm, flat } = toBatch(x.shape, attrs);
      const widened = g.op('Pad', [g.natural(x), g.int64(pads), g.scalar(x.dtype, 0)]);
      g.set(outputs[0] as Operand, g.reshape(g.transpose(g.reshape(widened, null, split), perm), null, flat));
    },
  }),
  BatchToSpaceND: kernel<tf.BatchToSpaceNDAttrs>({
    inputs: ['x'],
    exact: true,
    accepts: numbers,
    infer: ({ blockShape, crops }, [shape = []], [dtype = 'float32']) => {
      const prod = sizeOf(blockShape);
      const merged = tf.backend_util.getReshapedPermuted([...shape], blockShape, prod);
      return [{ shape: cropped(merged, crops, blockShape.length), dtype }];
    },
    lower(g, { inputs, outputs, attrs: { blockShape, crops } }) {
      const [x] = inputs as [Operand];
      const [y] = outputs as [Operand];
      const shape = [...x.shape];
      const { getReshaped, getPermuted, getReshapedPermuted } = tf.backend_util;
      const split = getReshaped(shape, blockShape, sizeOf(blockShape));
      const merged = getReshapedPermuted(shape, blockShape, sizeOf(blockShape));
      const begin = merged.map((_, i) => (i === 0 ? 0 : (crops[i - 1]?.[0] ?? 0)));
      const moved = g.transpose(g.reshape(g.natural(x), null, split), getPermuted(split.length, blockShape.length));
      const ends = begin.map((b, i) => b + (y.shape[i] as number));
      const axes = begin.map((_, i) => i);
      g.set(y, g.op('Slice', [g.reshape(moved, null, merged), g.int64(begin), g.int64(ends), g.int64(axes)]));
    },
  }),
};

function splitSizes(shape: readonly number[], { axis, numOrSizeSplits }: tf.SplitVAttrs) {
  const [along = 0] = tf.util.parseAxisParam(axis, [...shape]);
  const sizes = tf.backend_util.prepareSplitSize({ shape: [...shape] } as tf.Tensor, numOrSizeSplits, along);
  return { axis: along, sizes };
}

function inserted(shape: readonly number[], axis: number, size: number): number[] {
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  return [...shape.slice(0, at), size, ...shape.slice(at)];
}

function padded(shape: readonly number[], paddings: [number, number][]): number[] {
  return shape.map((n, i) => n + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0));
}

function cropped(shape: readonly number[], crops: number[][], rank: number): number[] {
  return [...tf.backend_util.getSliceSize([...shape], crops, rank), ...shape.slice(rank + 1)];
}

/** The steps of space-to-batch: pad, cut the spatial axes into blocks, move the blocks' inside to the batch. */
function toBatch(shape: readonly number[], { blockShape, paddings }: tf.SpaceToBatchNDAttrs) {
  const rest = shape.length - 1 - blockShape.length;
  const pads = [[0, 0], ...paddings, ...Array.from({ length: rest }, () => [0, 0])];
  const wide = shape.map((n, i) => n + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0));
  const { getReshaped, getPermuted, getReshapedPermuted } = tf.backend_util;
  const split = getReshaped(wide, blockShape, sizeOf(blockShape), false);
  const perm = getPermuted(split.length, blockShape.length, false);
  const flat = getReshapedPermuted(wide, blockShape, sizeOf(blockShape), false);
  return { pads: [...pads.map((p) => p[0] ?? 0), ...pads.map((p) => p[1] ?? 0)], split, perm, flat };
}
