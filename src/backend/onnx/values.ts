import type * as tf from '@tensorflow/tfjs-core';
import type { NativeTensor } from './runtime.js';

/** The types a native graph computes with; strings and complex numbers stay on the JavaScript side. */
export type NumericType = 'float32' | 'int32' | 'bool';
export type NumericData = Float32Array | Int32Array | Uint8Array;
export type Shape = readonly number[];

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export function isNumeric(dtype: string): dtype is NumericType {
  return dtype in arrays;
}

export function allocate(dtype: NumericType, size: number): NumericData {
  return new arrays[dtype](size);
}

/** The values as the array type of `dtype`; converts (and so copies) only when it is another. */
export function asTyped(values: ArrayLike<number>, dtype: NumericType): NumericData {
  return values instanceof arrays[dtype] ? values : arrays[dtype].from(values);
}

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What a value of a type that is never computed natively holds. */
export type OpaqueData = Uint8Array[] | string[] | { real: tf.TensorInfo; imag: tf.TensorInfo };

/**
 * The values of a tensor, present or still to be computed. It is itself the `dataId` that tfjs keeps, so looking a
 * tensor up costs nothing.
 */
export class Value {
  refCount = 1;
  disposed = false;
  /** Null while the value is only recorded. */
  data: NumericData | null;
  opaque: OpaqueData | null = null;
  /** All elements are equal, as far as was cheap to find out; such a value may be compiled into a graph. */
  uniform = false;
  /** A short list of numbers split off a call that may change from one call to the next (see `Kernel.vary`). */
  varies = false;
  /** The trace during which the program wrote this value, or -1 for a computed one. */
  bornIn = -1;
  /** Why the value could not be computed. */
  failure: Error | null = null;
  /** The view ONNX Runtime reads `data` through, made once. */
  native: NativeTensor | null = null;

  /** The trace in which this value has the number `id`, seen with the shape `tracedShape`. */
  trace = -1;
  id = -1;
  tracedShape: Shape;
  /** The numbers of this value's reshaped twins in the same trace. */
  twins: { shape: Shape; id: number }[] | null = null;

  constructor(
    readonly shape: Shape,
    readonly dtype: tf.DataType,
    data: NumericData | null,
  ) {
    this.data = data;
    this.tracedShape = shape;
  }
}

/** True when all elements are the same. Looks at three of them first, so that ordinary data costs nothing. */
export function isUniform(data: NumericData): boolean {
  const n = data.length;
  if (n === 0) return false;
  const first = data[0];
  if (!Object.is(data[n - 1], first) || !Object.is(data[n >> 1], first)) return false;
  for (let i = 1; i < n; i++) if (!Object.is(data[i], first)) return false;
  return true;
}
