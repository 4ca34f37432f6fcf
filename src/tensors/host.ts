import * as tf from '@tensorflow/tfjs-core';
import { ContractError, StrobeError } from '../errors.js';
import { engine } from './engine.js';

/**
 * Plain access to the memory of float32 tensors, for loops that beat a chain of kernels (a fused optimizer step).
 *
 *     const [next] = allocate([weights.shape]);
 *     const out = view(next), w = view(weights), g = view(gradient);
 *     for (let i = 0; i < out.length; i++) out[i] = w[i] - lr * g[i];
 *
 * The rules, which nothing checks:
 *
 * - Allocate first, view afterwards: a view is valid until anything else makes a tensor, since the heap of the wasm
 *   engine may move when it grows. A view of an outdated heap reads as empty (length 0).
 * - Write only into tensors from {@link allocate}, and only until anyone else sees them. Tensors are immutable to
 *   everybody else: snapshots share their memory, and engines cache what they derived from it.
 */

/** A backend that holds its values in this process's memory and lets JavaScript at them. */
interface HostBackend extends tf.KernelBackend {
  /** wasm: a view of its heap. */
  typedArrayFromHeap?(info: tf.TensorInfo): tf.TypedArray;
}

/** True when the current engine's tensors can be written in place, so that {@link allocate} works. */
export function hasHostMemory(): boolean {
  return isHost(engine().backend);
}

/** Where tensors are made, or looked for when tfjs does not know them: the current engine's backend unless said. */
interface Home {
  backend: tf.KernelBackend;
}

/**
 * New float32 tensors of the given shapes on the current engine, owned by the current `tf.tidy` like any other.
 * Their values are arbitrary until they were written through {@link view}.
 *
 * @throws ContractError when the current engine keeps its tensors out of reach; ask {@link hasHostMemory} first.
 */
export function allocate(shapes: readonly (readonly number[])[], { backend }: Home = engine()): tf.Tensor[] {
  if (!isHost(backend)) {
    throw new ContractError(
      StrobeError.compose('There is no memory to write tensors into', {
        expected: 'an engine with tensors in host memory (cpu, wasm)',
        received: `the engine ${tf.getBackend()}`,
        hint: 'ask hasHostMemory() first, and compute with tfjs operations when it is false',
      }),
    );
  }
  return shapes.map((sizes) => {
    const shape = [...sizes];
    const values = isHeap(backend) ? null : new Float32Array(tf.util.sizeFromShape(shape));
    // wasm takes null for "leave it as it is", which tfjs's types do not tell.
    const dataId = backend.write(values as Float32Array, shape, 'float32');
    return engine().makeTensorFromTensorInfo({ dataId, shape, dtype: 'float32' }, backend);
  });
}

/**
 * The values of a float32 tensor, row by row: its own memory where the backend that holds it allows (cpu, wasm), else a
 * copy, good for reading only.
 *
 * @throws ContractError for any other dtype.
 */
export function view(tensor: tf.TensorInfo, { backend }: Home = engine()): Float32Array {
  if (tensor.dtype !== 'float32') {
    throw new ContractError(
      StrobeError.compose('A tensor cannot be viewed', {
        expected: 'a float32 tensor',
        received: `a ${tensor.dtype} tensor`,
        hint: "cast it first: tf.cast(tensor, 'float32')",
      }),
    );
  }
  if (tensor instanceof tf.Tensor && tensor.isDisposed) return tensor.dataSync<'float32'>();
  // What one backend lends to another's kernel is known to that backend alone.
  const holder = engine().state.tensorInfo.get(tensor.dataId)?.backend ?? backend;
  if (isHeap(holder)) return holder.typedArrayFromHeap(tensor) as Float32Array;
  return holder.readSync(tensor.dataId) as Float32Array;
}

/**
 * New tensors of the given shapes, computed from others in one loop over their values. Where the engine keeps its tensors
 * out of reach, the values are copied out and in. A kernel passes the backend it was called for, which is not the current
 * one while another borrows it.
 */
export function computeOnHost(
  inputs: readonly tf.TensorInfo[],
  shapes: readonly (readonly number[])[],
  compute: (now: Float32Array[], next: Float32Array[]) => void,
  { backend }: Home = engine(),
): tf.Tensor[] {
  const viewAll = (tensors: readonly tf.TensorInfo[]) => tensors.map((tensor) => view(tensor, { backend }));
  if (isHost(backend)) {
    const outputs = allocate(shapes, { backend });
    compute(viewAll(inputs), viewAll(outputs));
    return outputs;
  }
  const values = shapes.map((shape) => new Float32Array(tf.util.sizeFromShape([...shape])));
  compute(viewAll(inputs), values);
  return values.map((data, i) => tf.tensor(data, [...(shapes[i] ?? [])], 'float32'));
}

function isHeap(backend: HostBackend): backend is Required<HostBackend> {
  return typeof backend.typedArrayFromHeap === 'function';
}

function isHost(backend: tf.KernelBackend): boolean {
  return isHeap(backend) || backend === engine().registry['cpu'];
}
