import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sameShape, sizeOf, type NumericType, type Shape } from '../values.js';
import type { Call, Kernel } from './kernel.js';

/** Accepts calls whose tensors are all of one of the given types. */
export function allOf(...dtypes: NumericType[]): (inputs: readonly tf.TensorInfo[]) => boolean {
  return (inputs) => {
    const [first] = inputs;
    return (
      first !== undefined && inputs.every((t) => t.dtype === first.dtype && dtypes.includes(t.dtype as NumericType))
    );
  };
}

export const floats = allOf('float32');
export const numbers = allOf('float32', 'int32');

/** Adds what computes each element from one element, in whichever form the input exists. */
export function mapElements(graph: Graph, x: Operand, y: Operand, compute: (x: string) => string): void {
  const compact = graph.compact(x);
  if (compact) return graph.setCompact(y, compute(compact.name), compact.shape);
  const { name, layout } = graph.either(x);
  graph.set(y, compute(name), layout);
}

/**
 * The same for two inputs, which may broadcast against each other. What is the same along an axis in both is computed
 * once, and broadcast when somebody needs it.
 */
export function zipElements(
  graph: Graph,
  a: Operand,
  b: Operand,
  y: Operand,
  compute: (a: string, b: string) => string,
): void {
  if (graph.compact(a) || graph.compact(b)) {
    const [left, right] = [smaller(graph, a, y), smaller(graph, b, y)];
    if (left && right) {
      const shape = tf.backend_util.assertAndGetBroadcastShape([...left.shape], [...right.shape]);
      return graph.setCompact(y, compute(left.name, right.name), shape);
    }
  }
  if (graph.onlyChannelsFirst(a) || graph.onlyChannelsFirst(b)) {
    const [p, q] = [channelsFirst(graph, a, y), channelsFirst(graph, b, y)];
    if (p !== null && q !== null) return graph.set(y, compute(p, q), 'channelsFirst');
  }
  const form = (x: Operand, other: Operand) =>
    sameShape(other.shape, y.shape) ? graph.broadcastable(x) : graph.natural(x);
  graph.set(y, compute(form(a, b), form(b, a)));
}

/** An input in a form with less elements than the result, where there is one. */
function smaller(graph: Graph, x: Operand, y: Operand): { name: string; shape: Shape } | null {
  return graph.compact(x) ?? (sameShape(x.shape, y.shape) ? null : { name: graph.natural(x), shape: x.shape });
}

/** An input of an elementwise operator on channels-first data, if it can be had without spelling a broadcast out. */
function channelsFirst(graph: Graph, x: Operand, y: Operand): string | null {
  if (sizeOf(x.shape) === 1) return graph.broadcastable(x);
  if (sameShape(x.shape, y.shape))
    return graph.compact(x)?.shape.length === 0 ? graph.broadcastable(x) : graph.channelsFirst(x);
  const channels = y.shape.at(-1) as number;
  if (x.shape.length !== 1 || x.shape[0] !== channels) return null;
  return graph.reshape(graph.natural(x), null, [channels, ...y.shape.slice(2).map(() => 1)]);
}

/** y is x, maybe broadcast to a larger shape. */
export function passOn(graph: Graph, x: Operand, y: Operand): void {
  const compact = graph.compact(x);
  if (compact) return graph.setCompact(y, compact.name, compact.shape);
  if (!sameShape(x.shape, y.shape)) return graph.setCompact(y, graph.natural(x), x.shape);
  const { name, layout } = graph.either(x);
  graph.set(y, name, layout);
}

/** A kernel that maps each element; `compute` gets the name of x and gives that of the result. */
export function unary<Attrs>(
  compute: (graph: Graph, x: string, call: Call<Attrs>) => string,
  options: Partial<Kernel<Attrs>> & { result?: NumericType } = {},
): Kernel<Attrs> {
  const { result, ...rest } = options;
  return {
    inputs: ['x'],
    accepts: floats,
    infer: (_attrs, [shape = []], [dtype = 'float32']) => [{ shape: [...shape], dtype: result ?? dtype }],
    lower(graph, call) {
      const [x] = call.inputs as [Operand];
      mapElements(graph, x, call.outputs[0] as Operand, (name) => compute(graph, name, call));
    },
    ...rest,
  };
}

/** A kernel that combines two elements, with broadcasting. */
export function binary(
  compute: (graph: Graph, a: string, b: string) => string,
  options: Partial<Kernel<unknown>> & { result?: NumericType } = {},
): Kernel<unknown> {
  const { result, ...rest } = options;
  return {
    inputs: ['a', 'b'],
    accepts: floats,
    infer: (_attrs, [a = [], b = []], [dtype = 'float32']) => [
      { shape: tf.backend_util.assertAndGetBroadcastShape([...a], [...b]), dtype: result ?? dtype },
    ],
    lower(graph, { inputs, outputs }) {
      const [a, b] = inputs as [Operand, Operand];
      zipElements(graph, a, b, outputs[0] as Operand, (p, q) => compute(graph, p, q));
    },
    ...rest,
  };
}

/** True when the operand is one number everywhere, and that number. */
export function isAll(x: Operand, value: number): boolean {
  return x.constant !== null && x.constant.length === 1 && Object.is(x.constant[0], value);
}
