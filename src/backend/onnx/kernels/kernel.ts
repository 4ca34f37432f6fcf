import type * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import type { Formula } from '../pointwise/arithmetic.js';
import type { NumericType, Shape } from '../values.js';

/** Shape and type of one output. */
export interface Output {
  shape: number[];
  dtype: NumericType;
}

/** A recorded kernel call, as `lower` sees it. A missing optional input is undefined. */
export interface Call<Attrs = unknown> {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attrs: Attrs;
  /** The input of that position in the kernel's list, if the call has it. */
  optional(index: number): Operand | undefined;
}

/**
 * How one tfjs kernel is computed natively. Everything a kernel's result depends on is in the call itself: where a
 * graph begins and ends never changes a bit of it.
 */
export interface Kernel<Attrs = never> {
  /** Names of tfjs's inputs in order (a `?` ends an optional one); `'list'` where tfjs passes an array of tensors. */
  readonly inputs: readonly string[] | 'list';
  /** False leaves this call to the cpu backend's kernel. Empty and non-numeric tensors never come here. */
  accepts?(inputs: readonly tf.TensorInfo[], attrs: Attrs): boolean;
  /** True where the result is the first input itself. */
  alias?(input: tf.TensorInfo, attrs: Attrs): boolean;
  /** Shapes and types of the outputs. Throws where the call makes no sense. */
  infer(attrs: Attrs, shapes: readonly Shape[], dtypes: readonly NumericType[]): Output[];
  /** Adds what computes the outputs to the graph. */
  lower(graph: Graph, call: Call<Attrs>): void;
  /**
   * How each element of the outputs, which have the shape of the inputs, comes of one element of each input. Such calls
   * are computed after the graph, in one pass each, where nothing else in it needs their outputs. The numbers of `vary`
   * are the formula's.
   */
  pointwise?(attrs: Attrs): Formula;
  /** tfjs expects an array of outputs even when there is one. */
  readonly list?: boolean;
  /** Correctly rounded by nature (moves data, compares, adds two numbers): the cpu backend's bits are the same. */
  readonly exact?: boolean;
  /** The cpu backend's kernel is wrong for some calls: this one is computed natively however small it is. */
  readonly onlyNative?: boolean;
  /** Part of a training step's end: the next kernel of another kind begins something new. */
  readonly endsStep?: boolean;
  /** Elementary operations, for deciding what is worth compiling. Default: the elements of the largest output. */
  work?(attrs: Attrs, shapes: readonly Shape[], outputs: readonly Output[]): number;
  /**
   * Splits off a short list of numbers that may change from call to call without being another computation
   * (where a slice begins): it becomes one more input. Whole numbers are compiled as
   * constants until they change.
   */
  vary?(
    attrs: Attrs,
    inputs: readonly tf.TensorInfo[],
  ): { attrs: object; numbers: number[]; dtype: 'int32' | 'float32' };
  /** Undoes `vary` for the cpu backend's kernel. */
  unvary?(attrs: Attrs, numbers: number[]): object;
}

/** A kernel whose attributes are not looked at by type, as the table keeps it. */
export type AnyKernel = Kernel;
export type KernelTable = Readonly<Record<string, AnyKernel>>;

/** Ties a kernel's functions to the type of its attributes; the table forgets it again. */
export function kernel<Attrs>(definition: Kernel<Attrs>): AnyKernel {
  return definition;
}
