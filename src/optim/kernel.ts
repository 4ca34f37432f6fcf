import * as tf from '@tensorflow/tfjs-core';
import { computeOnHost } from '../tensors/host.js';
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
  // An engine that brings its own kernel has registered it by now; all others get the loop over host memory. The cpu
  // backend's is also what an engine borrows for calls its own kernel does not take.
  for (const name of [backend, 'cpu']) if (!tf.getKernel(algorithm.kernel, name)) registerHostKernel(algorithm, name);
  return tf.engine().runKernel(algorithm.kernel, inputs, scalars);
}

function registerHostKernel(algorithm: Algorithm, backendName: string): void {
  tf.registerKernel({
    kernelName: algorithm.kernel,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { param, grad, ...slots } = inputs as UpdateInputs;
      const names = Object.keys(slots);
      const byRole = (roles: string[], values: Float32Array[]): Buffers =>
        Object.fromEntries(roles.map((role, i) => [role, values[i]]));
      return computeOnHost(
        [param, grad, ...Object.values(slots)],
        [param, ...Object.values(slots)].map((tensor) => tensor.shape),
        (now, next) =>
          algorithm.update(
            byRole(['param', 'grad', ...names], now),
            byRole(['param', ...names], next),
            attrs as Scalars,
          ),
        { backend: backend as tf.KernelBackend },
      );
    },
  });
}
