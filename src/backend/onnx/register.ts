import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { OnnxBackend } from './backend.js';
import { kernelTable } from './kernels/index.js';
import type { AnyKernel } from './kernels/kernel.js';
import { resolveOptions, type OnnxOptions } from './options.js';
import { loadRuntime } from './runtime.js';
import { isNumeric, sizeOf, type Value } from './values.js';

type KernelCall = { inputs: tf.NamedTensorInfoMap; attrs: object; backend: OnnxBackend };
type KernelFunction = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** Kernels that compute nothing: the result is the input itself, maybe under another shape. */
export const aliases: Readonly<Record<string, KernelFunction>> = {
  Identity: ({ inputs, backend }) => backend.alias(inputs['x']!, inputs['x']!.shape),
  Reshape: ({ inputs, attrs, backend }) => {
    const x = inputs['x']!;
    const size = tf.util.sizeFromShape(x.shape);
    const shape = tf.util.inferFromImplicitShape((attrs as tf.ReshapeAttrs).shape, size);
    tf.util.assert(
      size === tf.util.sizeFromShape(shape),
      () => `The new shape (${shape.join()}) has another number of elements than the old one (${x.shape.join()}).`,
    );
    return backend.alias(x, shape);
  },
  ExpandDims: ({ inputs, attrs, backend }) => {
    const input = inputs['input']!;
    const { dim } = attrs as tf.ExpandDimsAttrs;
    tf.util.assert(
      dim >= -(input.shape.length + 1),
      () => `Axis must be in the interval [${-(input.shape.length + 1)}, ${input.shape.length}]`,
    );
    const shape = [...input.shape];
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return backend.alias(input, shape);
  },
  Complex: ({ inputs, backend }) => backend.complex(inputs['real']!, inputs['imag']!),
  Real: ({ inputs, backend }) => backend.part(inputs['input']!, 'real'),
  Imag: ({ inputs, backend }) => backend.part(inputs['input']!, 'imag'),
};

/**
 * Registers the engine with TensorFlow.js; `await tf.setBackend('onnx')` then uses it, in any tfjs program. Every kernel
 * of tfjs works: those without a native form are computed by the cpu backend's kernels.
 *
 * @param options.threads Threads one kernel may use; results are bit-identical for the same count.
 * @throws ConfigurationError for an option outside its range.
 * @throws StrobeError where ONNX Runtime's native library cannot be loaded.
 */
export function registerOnnxBackend(options: OnnxOptions = {}): void {
  const resolved = resolveOptions(options);
  const { name } = resolved;
  // Here it is an error that can be caught; tfjs would print what a backend's constructor throws, and go on without it.
  loadRuntime();
  if (tf.findBackendFactory(name) === null) tf.registerBackend(name, () => new OnnxBackend(resolved), 4);
  const names = new Set(tf.getKernelsForBackend('cpu').map((kernel) => kernel.kernelName));
  for (const kernelName of names) registerKernel(kernelName, name);
  for (const kernelName of Object.keys(kernelTable)) if (!names.has(kernelName)) registerKernel(kernelName, name);
}

function registerKernel(kernelName: string, backendName: string): void {
  if (tf.getKernel(kernelName, backendName)) return;
  const definition = kernelTable[kernelName];
  const kernelFunc = aliases[kernelName] ?? (definition ? recorded(kernelName, definition) : computedOnCpu(kernelName));
  tf.registerKernel({ kernelName, backendName, kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

function computedOnCpu(kernelName: string): KernelFunction {
  return ({ inputs, attrs, backend }) => backend.runOnCpu(kernelName, inputs, attrs);
}

function recorded(kernelName: string, kernel: AnyKernel): KernelFunction {
  const names = kernel.inputs === 'list' ? null : kernel.inputs.map((name) => name.replace('?', ''));
  const fallback = computedOnCpu(kernelName);
  return (call) => {
    const { inputs, backend } = call;
    const operands: (tf.TensorInfo | undefined)[] = [];
    const present: tf.TensorInfo[] = [];
    // Called for every operation of every step: loops without closures.
    const count = names ? names.length : (inputs as unknown as tf.TensorInfo[]).length;
    for (let i = 0; i < count; i++) {
      const input = inputs[names ? (names[i] as string) : i] ?? undefined;
      operands.push(input);
      if (input === undefined) continue;
      if (!isNative(input)) return fallback(call);
      present.push(input);
    }
    let attrs = call.attrs;
    if (kernel.alias?.(present[0]!, attrs as never)) return backend.alias(present[0]!, present[0]!.shape);
    if (kernel.accepts && !kernel.accepts(present, attrs as never)) return fallback(call);
    if (kernel.vary) {
      const split = kernel.vary(attrs as never, present);
      attrs = split.attrs;
      const list = backend.list(split.numbers, split.dtype);
      backend.recorder.watch?.varied(kernel, call.attrs, present, list.dataId as Value);
      operands.push(list);
    }
    const results = backend.record(kernelName, kernel, operands, attrs);
    return kernel.list || results.length > 1 ? results : results[0]!;
  };
}

/** Whether a native graph can hold this tensor. Nothing is computed on no elements, and ONNX has its own ideas of that. */
function isNative(info: tf.TensorInfo): boolean {
  return isNumeric(info.dtype) && sizeOf(info.shape) > 0;
}
