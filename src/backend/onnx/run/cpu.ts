import * as tf from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-cpu';
import { silenceAdvert } from '../../cpu.js';
import { asTyped, isNumeric, Value, type NumericData, type Shape } from '../values.js';

export type KernelInputs = Record<string, tf.TensorInfo | tf.TensorInfo[] | null | undefined>;

/**
 * The cpu backend's kernels on this backend's values: for kernels without a native form, and for work too small to be
 * worth compiling.
 */
export class CpuKernels {
  #backend: MathBackendCPU | null = null;

  get backend(): MathBackendCPU {
    if (this.#backend === null) {
      this.#backend = tf.findBackend('cpu') as MathBackendCPU;
      silenceAdvert();
    }
    return this.#backend;
  }

  has(name: string): boolean {
    return tf.getKernel(name, 'cpu') !== undefined;
  }

  /**
   * Lends a value to the cpu backend under a shape; give it back with `release`. Nothing is copied: its memory is added to
   * `lent`.
   */
  lend(value: Value, shape: Shape, lent: Set<ArrayBufferLike>): tf.TensorInfo {
    const { opaque, data, dtype } = value;
    // Some kernels ask for the rank, which tfjs's own tensors have.
    const rank = shape.length;
    if (opaque !== null && 'real' in opaque) {
      const real = this.lend(opaque.real.dataId as Value, shape, lent);
      const imag = this.lend(opaque.imag.dataId as Value, shape, lent);
      const [made] = [this.call('Complex', { real, imag }, {})].flat() as [tf.TensorInfo];
      for (const part of [real, imag]) this.release(part);
      return Object.assign(made, { rank });
    }
    if (data !== null) lent.add(data.buffer);
    const values = (opaque ?? data ?? undefined) as tf.BackendValues | undefined;
    return Object.assign(this.backend.makeTensorInfo([...shape], dtype, values), { rank });
  }

  /** Runs a kernel of the cpu backend; gives a list where it does. */
  call(name: string, inputs: KernelInputs, attrs: object): tf.TensorInfo | tf.TensorInfo[] {
    const kernel = tf.getKernel(name, 'cpu');
    if (!kernel) throw new Error(`There is no kernel '${name}', neither for the onnx engine nor for cpu.`);
    return kernel.kernelFunc({
      inputs: inputs as tf.NamedTensorInfoMap,
      attrs: attrs as tf.NamedAttrMap,
      backend: this.backend,
    });
  }

  /**
   * Runs a kernel on values that are lent to it, and takes over what comes of it.
   *
   * @param how.valueOf the computed value behind an input
   * @param how.adopt a tensor for a result
   */
  callOnValues(
    name: string,
    inputs: KernelInputs,
    attrs: object,
    { valueOf, adopt }: { valueOf: (info: tf.TensorInfo) => Value; adopt: (value: Value) => tf.TensorInfo },
  ): tf.TensorInfo | tf.TensorInfo[] {
    const lent = new Set<ArrayBufferLike>();
    const borrowed: tf.TensorInfo[] = [];
    const lend = (info: tf.TensorInfo) => {
      const made = this.lend(valueOf(info), info.shape, lent);
      borrowed.push(made);
      return made;
    };
    const lendAll = (input: KernelInputs[string]) =>
      Array.isArray(input) ? input.map(lend) : input ? lend(input) : input;
    try {
      // tfjs passes inputs by name, or as an array where there may be any number of them.
      const given = Array.isArray(inputs)
        ? inputs.map(lend)
        : Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, lendAll(input)]));
      const results = this.call(name, given as KernelInputs, attrs);
      const take = (info: tf.TensorInfo) => {
        const value = this.collect(info, lent);
        this.release(info);
        return adopt(value);
      };
      return Array.isArray(results) ? results.map(take) : take(results);
    } finally {
      for (const info of borrowed) this.release(info);
    }
  }

  release(info: tf.TensorInfo): void {
    // A few kernels make a tensor, which tfjs counts, where a description of one was asked for.
    if (info instanceof tf.Tensor) info.dispose();
    else this.backend.disposeData(info.dataId);
  }

  /**
   * Takes a kernel's result over. `lent` is the memory that belongs to somebody already; what is taken over is added. Some
   * kernels give their input, or a view of a part of it: those are copied, because each value's array is its own.
   */
  collect(info: tf.TensorInfo, lent: Set<ArrayBufferLike>): Value {
    const { dtype, shape } = info;
    const { values, complexTensorInfos: parts } = this.backend.data.get(info.dataId);
    const value = new Value(shape, dtype, null);
    if (parts) {
      const [real, imag] = [parts.real, parts.imag].map((part) => {
        const made = this.collect({ ...part, shape }, lent);
        return { dataId: made, shape, dtype: 'float32' as const };
      });
      value.opaque = { real, imag } as { real: tf.TensorInfo; imag: tf.TensorInfo };
    } else if (isNumeric(dtype)) {
      const typed = asTyped(values as NumericData, dtype);
      value.data = lent.has(typed.buffer) ? typed.slice() : typed;
      lent.add(value.data.buffer);
    } else value.opaque = values as Uint8Array[];
    return value;
  }
}
