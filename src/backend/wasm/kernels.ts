import * as tf from '@tensorflow/tfjs-core';
import { conv2DBackpropFilter, conv2DBackpropInput } from './conv.js';
import { borrowFromCpu } from './delegate.js';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise.js';
import { explicitPadding } from './padding.js';
import { explicitTranspose } from './matmul.js';
import { maxPoolGrad } from './pool.js';
import { unsortedSegmentSum } from './segment.js';

/** Kernels that tfjs-backend-wasm 4.22 lacks and that gradients need, or has as loops that plain JavaScript outruns. */
const own: Record<string, tf.KernelFunc> = {
  [tf.Conv2DBackpropFilter]: conv2DBackpropFilter,
  [tf.Conv2DBackpropInput]: conv2DBackpropInput,
  [tf.DepthwiseConv2dNativeBackpropFilter]: depthwiseBackpropFilter,
  [tf.DepthwiseConv2dNativeBackpropInput]: depthwiseBackpropInput,
  [tf.MaxPoolGrad]: maxPoolGrad,
  [tf.UnsortedSegmentSum]: unsortedSegmentSum,
};

/** Kernels of tfjs-backend-wasm that are right and fast once they are called differently. */
const wrapped: Record<string, (kernel: tf.KernelFunc) => tf.KernelFunc> = {
  [tf.BatchMatMul]: explicitTranspose,
  [tf.Conv2D]: explicitPadding,
  [tf.FusedConv2D]: explicitPadding,
  [tf.DepthwiseConv2dNative]: explicitPadding,
  [tf.FusedDepthwiseConv2D]: explicitPadding,
};

/** The rest of what the cpu backend has and wasm lacks, but for complex numbers, which wasm cannot hold. */
const borrowed = [tf.Einsum, tf.RaggedGather, tf.RaggedRange, tf.RaggedTensorToTensor, tf.StaticRegexReplace];

let registered = false;

/** Completes the wasm backend. To be called after its package was imported and before the backend is set. */
export function registerTrainingKernels(): void {
  if (registered) return;
  registered = true;
  for (const [kernelName, kernelFunc] of Object.entries(own)) {
    replace({ kernelName, backendName: 'wasm', kernelFunc });
  }
  for (const kernelName of borrowed) {
    replace({ kernelName, backendName: 'wasm', kernelFunc: borrowFromCpu(kernelName) });
  }
  for (const [kernelName, wrap] of Object.entries(wrapped)) {
    const kernel = tf.getKernel(kernelName, 'wasm');
    replace({ ...kernel, kernelFunc: wrap(kernel.kernelFunc) });
  }
}

/** tfjs warns when a kernel is registered over another, so the other goes first. */
function replace(config: tf.KernelConfig): void {
  if (tf.getKernel(config.kernelName, config.backendName)) tf.unregisterKernel(config.kernelName, config.backendName);
  tf.registerKernel(config);
}
