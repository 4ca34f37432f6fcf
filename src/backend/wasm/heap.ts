import type * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** The arrays a kernel written in JavaScript reads from and writes to. */
export type Values = Float32Array | Int32Array | Uint8Array;

/**
 * Allocates a kernel's output and runs `compute` on views of the wasm heap. The views are taken after the allocation,
 * which may have moved the heap, and are not valid after `compute`.
 */
export function onHeap(
  backend: unknown,
  output: { shape: number[]; dtype: tf.DataType },
  inputs: tf.TensorInfo[],
  compute: (out: Values, ...inputs: Values[]) => void,
): tf.TensorInfo {
  const wasm = backend as BackendWasm;
  // An input still held by another backend is fetched when its entry is looked up, which allocates.
  for (const { dataId } of inputs) wasm.dataIdMap.get(dataId);
  const out = wasm.makeOutput(output.shape, output.dtype);
  compute(wasm.typedArrayFromHeap(out), ...inputs.map((input) => wasm.typedArrayFromHeap(input)));
  return out;
}
