import { kernel, type AnyKernel } from '../kernels/kernel.js';

/** The same elements under another shape. tfjs shares the data for it, so only a graph ever computes one. */
export const reshapeKernel: AnyKernel = kernel<{ shape: number[] }>({
  inputs: ['x'],
  exact: true,
  infer: ({ shape }, _shapes, [dtype = 'float32']) => [{ shape, dtype }],
  lower(graph, { inputs: [x], outputs: [y] }) {
    if (x && y) graph.set(y, graph.reshape(graph.natural(x), x.shape, y.shape));
  },
  work: () => 0,
});
