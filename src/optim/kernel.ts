import * as tf from '@tensorflow/tfjs-core';
import { allocate, hasHostMemory, view } from '../tensors/host.js';
import type { Algorithm, Buffers, Scalars } from './algorithm.js';

/** The tensors of one update, by role: `param`, `grad`, then the slots in the algorithm's order. */
export type UpdateInputs = { param: tf.Tensor; grad: tf.Tensor } & Record<string, tf.Tensor>;

/**
 * One update of one parameter as a single tfjs kernel call. The inputs stay as they are, since snapshots may hold them.
 *
 * @returns new tensors: the parameter, then the slots.
 */
export function runUpdate(algorithm: Algorithm, inputs: UpdateInputs, scalars: Scalars): tf.Tensor[] {
  const backend = tf.getBackend();
  // An engine that brings its own kernel has registered it by now; all others get the loop over host memory.
  if (!tf.getKernel(algorithm.kernel, backend)) registerHostKernel(algorithm, backend);
  return tf.engine().runKernel(algorithm.kernel, inputs, scalars);
}

function registerHostKernel(algorithm: Algorithm, backendName: string): void {
  tf.registerKernel({
    kernelName: algorithm.kernel,
    backendName,
    kernelFunc: ({ inputs, attrs }) => updateOnHost(algorithm, inputs as UpdateInputs, attrs as Scalars),
  });
}

function updateOnHost(algorithm: Algorithm, inputs: UpdateInputs, scalars: Scalars): tf.Tensor[] {
  const { grad: _, ...changing } = inputs;
  const roles = Object.keys(changing);
  const shape = inputs.param.shape;
  // Allocated before anything is viewed: the heap the views are on may move when it grows.
  const outputs = hasHostMemory() ? allocate(roles.map(() => shape)) : null;
  const next = outputs?.map(view) ?? roles.map(() => new Float32Array(inputs.param.size));
  const now: Buffers = {};
  for (const [role, tensor] of Object.entries(inputs)) now[role] = view(tensor);
  algorithm.update(now, Object.fromEntries(roles.map((role, i) => [role, next[i]])), scalars);
  return outputs ?? next.map((values) => tf.tensor(values, shape));
}
