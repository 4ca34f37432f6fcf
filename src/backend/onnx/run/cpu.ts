import * as tf from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-cpu';
import { asTyped, isNumeric, Value, type NumericData, type Shape } from '../values.js';

export type KernelInputs = Record<string, tf.TensorInfo | tf.TensorInfo[] | null | undefined>;

/** Values between two of the cpu backend's kernels. */
type CpuInfo = tf.TensorInfo;

/**
 * The cpu backend's kernels on this backend's values: for kernels without a native form, and for work too small to be
 * worth compiling.
 */
export class CpuKernels {
  #backend: MathBackendCPU | null = null;

  get backend(): MathBackendCPU {
    return (this.#backend ??= tf.findBackend('cpu') as MathBackendCPU);
  }

  has(name: string): boolean {
    return tf.getKernel(name, 'cpu') !== undefined;
  }

  /** Lends a value to the cpu backend under a shape; give it back with `release`. Nothing is copied. */
  lend(value: Value, shape: Shape): CpuInfo {
    const { opaque, data, dtype } = value;
    if (opaque !== null && 'real' in opaque) {
      const [real, imag] = [opaque.real, opaque.imag].map((part) => this.lend(part.dataId as Value, shape));
      const made = this.call('Complex', { real, imag }, {})[0] as CpuInfo;
      for (const part of [real, imag]) if (part) this.release(part);
      return made;
    }
    return this.backend.makeTensorInfo(
      [...shape],
      dtype,
      (opaque ?? data ?? undefined) as tf.BackendValues | undefined,
    );
  }

  call(name: string, inputs: KernelInputs, attrs: object): CpuInfo[] {
    const kernel = tf.getKernel(name, 'cpu');
    if (!kernel) throw new Error(`There is no kernel '${name}', neither for the onnx engine nor for cpu.`);
    const result = kernel.kernelFunc({
      inputs: inputs as tf.NamedTensorInfoMap,
      attrs: attrs as tf.NamedAttrMap,
      backend: this.backend,
    });
    return Array.isArray(result) ? result : [result];
  }

  release(info: CpuInfo): void {
    this.backend.disposeData(info.dataId);
  }

  /** Takes a kernel's result over. `lent` are the arrays that still belong to somebody else. */
  collect(info: CpuInfo, lent: ReadonlySet<unknown>): Value {
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
