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

  /** Lends a value to the cpu backend under a shape; give it back with `release`. Nothing is copied. */
  lend(value: Value, shape: Shape): tf.TensorInfo {
    const { opaque, data, dtype } = value;
    // Some kernels ask for the rank, which tfjs's own tensors have.
    const rank = shape.length;
    if (opaque !== null && 'real' in opaque) {
      const real = this.lend(opaque.real.dataId as Value, shape);
      const imag = this.lend(opaque.imag.dataId as Value, shape);
      const [made] = [this.call('Complex', { real, imag }, {})].flat() as [tf.TensorInfo];
      for (const part of [real, imag]) this.release(part);
      return Object.assign(made, { rank });
    }
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

  release(info: tf.TensorInfo): void {
    // A few kernels make a tensor, which tfjs counts, where a description of one was asked for.
    if (info instanceof tf.Tensor) info.dispose();
    else this.backend.disposeData(info.dataId);
  }

  /** Takes a kernel's result over. `lent` are the arrays that still belong to somebody else. */
  collect(info: tf.TensorInfo, lent: ReadonlySet<unknown>): Value {
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
      value.data = lent.has(typed) ? typed.slice() : typed;
    } else value.opaque = values as Uint8Array[];
    return value;
  }
}
