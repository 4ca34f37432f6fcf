import * as tf from '@tensorflow/tfjs-core';
import { engine } from '../../tensors/engine.js';
import type { AnyKernel } from './kernels/kernel.js';
import type { ResolvedOptions } from './options.js';
import { loadRuntime } from './runtime.js';
import { sameNumbers } from './trace/equal.js';
import type { KernelInputs } from './run/cpu.js';
import { Recorder } from './run/recorder.js';
import type { EngineStats } from './run/stats.js';
import { Watch } from './run/watch.js';
import type { RecordedStep, StepEngine, StepWatch } from '../steps.js';
import {
  asTyped,
  isNumeric,
  isUniform,
  sizeOf,
  Value,
  type NumericData,
  type OpaqueData,
  type Shape,
} from './values.js';

/**
 * A lazy tfjs backend. Kernel calls are only recorded; whoever reads a value has everything recorded so far compiled
 * into one native call, which the next step of the same structure uses again.
 */
export class OnnxBackend extends tf.KernelBackend implements StepEngine {
  /** @internal */
  readonly recorder: Recorder;
  /** Values that came from other backends, by the dataId they keep. */
  readonly #moved = new WeakMap<tf.DataId, Value>();
  #count = 0;
  #lastNumbers: { numbers: readonly number[]; info: tf.TensorInfo } | null = null;

  /**
   * @internal Use `registerOnnxBackend()`.
   * @throws StrobeError where ONNX Runtime's native library cannot be loaded.
   */
  constructor(options: ResolvedOptions) {
    super();
    this.recorder = new Recorder(loadRuntime(), options, (dataId) => this.resolve(dataId));
  }

  /** What the engine has compiled and run so far; it goes on counting. */
  get stats(): EngineStats {
    return this.recorder.stats;
  }

  /** Threads one kernel may use. Setting it drops what is compiled. */
  get threads(): number {
    return this.recorder.options.threads;
  }

  set threads(count: number) {
    this.recorder.setThreads(count);
  }

  /** Takes values in, and names them. */
  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const value = this.#store(values, [...shape], dtype);
    if (value.data !== null) {
      value.bornIn = this.recorder.trace.epoch;
      value.uniform = isUniform(value.data);
    }
    return value;
  }

  /** Takes over data of another backend. */
  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const value = this.#store(values, [...shape], dtype);
    value.refCount = refCount;
    this.#moved.set(dataId, value);
  }

  /** @internal A tensor for values that already belong to this backend. */
  adopt(value: Value): tf.TensorInfo {
    this.#count += value.opaque !== null && 'real' in value.opaque ? 3 : 1;
    return { dataId: value, shape: [...value.shape], dtype: value.dtype };
  }

  /** The values; runs everything they depend on. */
  override readSync(dataId: tf.DataId): tf.BackendValues {
    const value = this.resolve(dataId);
    if (value.data !== null) this.#disturb();
    this.#materialise(value);
    const { opaque } = value;
    if (opaque !== null && 'real' in opaque) {
      const [real, imag] = [opaque.real, opaque.imag].map((part) => this.readSync(part.dataId));
      return tf.backend_util.mergeRealAndImagArrays(real as Float32Array, imag as Float32Array);
    }
    // Who gets an array may keep it, write to it, or transfer its buffer to another thread: the engine's own stays here.
    return (opaque ?? value.data?.slice()) as tf.BackendValues;
  }

  /** The values, after everything they depend on has run. */
  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  /** How many refer to the data; 0 when it is gone. */
  override refCount(dataId: tf.DataId): number {
    const value = this.#find(dataId);
    return value === undefined || value.disposed ? 0 : value.refCount;
  }

  /** One reference to the data more. */
  override incRef(dataId: tf.DataId): void {
    this.resolve(dataId).refCount++;
  }

  /** One reference to the data less. */
  decRef(dataId: tf.DataId): void {
    const value = this.#find(dataId);
    if (value !== undefined && !value.disposed) value.refCount--;
  }

  /** Frees data, unless somebody else refers to it; `force` frees it in any case. Tells whether it is gone. */
  override disposeData(dataId: tf.DataId, force = false): boolean {
    const value = this.#find(dataId);
    if (value === undefined || value.disposed) return true;
    value.refCount--;
    if (!force && value.refCount > 0) return false;
    value.disposed = true;
    this.#count--;
    const { opaque } = value;
    if (opaque !== null && 'real' in opaque) {
      for (const part of [opaque.real, opaque.imag]) this.disposeData(part.dataId);
    } else this.recorder.release(value);
    return true;
  }

  /** Frees what a kernel made and does not return. */
  disposeIntermediateTensorInfo(info: tf.TensorInfo): void {
    this.disposeData(info.dataId);
  }

  /** How many data the backend holds. */
  override numDataIds(): number {
    return this.#count;
  }

  /** Bytes of tensors are counted by tfjs itself; this adds what waits to be used again. */
  override memory(): { unreliable: boolean; numBytesInPool: number } {
    return { unreliable: false, numBytesInPool: this.recorder.pool.bytes };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  /** Whether `tf.time` works here. */
  override timerAvailable(): boolean {
    return true;
  }

  /** Runs `body` and all it has recorded; milliseconds. */
  override async time(body: () => void): Promise<tf.BackendTimingInfo> {
    this.recorder.flush();
    const started = performance.now();
    body();
    this.recorder.flush();
    return { kernelMs: performance.now() - started };
  }

  /** Frees everything; the backend is not used again. */
  override dispose(): void {
    this.recorder.dispose();
  }

  /** @internal Records a kernel call. */
  record(
    name: string,
    kernel: AnyKernel,
    inputs: readonly (tf.TensorInfo | undefined)[],
    attrs: unknown,
  ): tf.TensorInfo[] {
    const results = this.recorder.record(name, kernel, inputs, attrs);
    this.#count += results.length;
    return results;
  }

  /** @internal A short list of numbers as an input of a kernel; nobody has to dispose it. */
  list(numbers: readonly number[], dtype: 'int32' | 'float32'): tf.TensorInfo {
    const last = this.#lastNumbers;
    // The parameters of one group are updated with the same numbers.
    if (last !== null && dtype === 'float32' && sameNumbers(last.numbers, numbers)) return last.info;
    const value = new Value(
      [numbers.length],
      dtype,
      dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers),
    );
    value.bornIn = this.recorder.trace.epoch;
    value.varies = dtype === 'int32';
    const info = { dataId: value, shape: [numbers.length], dtype };
    if (dtype === 'float32') this.#lastNumbers = { numbers, info };
    return info;
  }

  /** @internal Runs a kernel that has no native form with the cpu backend's. */
  runOnCpu(name: string, inputs: KernelInputs, attrs: object): tf.TensorInfo | tf.TensorInfo[] {
    const { cpu, stats } = this.recorder;
    if (Object.keys(inputs).length > 0) this.#disturb();
    stats.fallbacks.set(name, (stats.fallbacks.get(name) ?? 0) + 1);
    const valueOf = (info: tf.TensorInfo): Value => {
      const value = this.resolve(info.dataId);
      this.#materialise(value);
      return value;
    };
    return cpu.callOnValues(name, inputs, attrs, { valueOf, adopt: (value) => this.adopt(value) });
  }

  /** @internal A complex tensor over two real ones. */
  complex(real: tf.TensorInfo, imag: tf.TensorInfo): tf.TensorInfo {
    const value = new Value([...real.shape], 'complex64', null);
    for (const part of [real, imag]) this.incRef(part.dataId);
    value.opaque = { real, imag };
    this.#count++;
    return { dataId: value, shape: [...real.shape], dtype: 'complex64' };
  }

  /** @internal One part of a complex tensor. */
  part(info: tf.TensorInfo, which: 'real' | 'imag'): tf.TensorInfo {
    const { opaque } = this.resolve(info.dataId);
    if (opaque === null || !('real' in opaque))
      throw new Error(`tf.${which} takes a complex tensor, not ${info.dtype}.`);
    return this.alias(opaque[which], info.shape);
  }

  /** @internal Another handle on the same values, maybe under another shape. */
  alias(info: tf.TensorInfo, shape: Shape): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  /** @internal The values behind a dataId; takes them over when they live on another backend. */
  resolve(dataId: tf.DataId): Value {
    const found = this.#find(dataId);
    // What is disposed is found, too: it is for those who need its values to complain.
    if (found && !(found.disposed && engine().state.tensorInfo.has(dataId))) return found;
    tf.engine().moveData(this, dataId);
    return this.#moved.get(dataId) as Value;
  }

  /** @internal Watches how the next steps are computed; what is recorded is computed first, unless that changes bits. */
  watchSteps(onStep: (step: RecordedStep) => void): StepWatch | false {
    if (this.recorder.watch !== null || !this.recorder.flushExact()) return false;
    return (this.recorder.watch = new Watch(this.recorder, (value) => this.adopt(value), onStep));
  }

  /** @internal */
  steadyBits(): () => void {
    return this.recorder.smallWork.holdExact();
  }

  /** The values that have been here under a dataId, the last ones if they left and came back. */
  #find(dataId: tf.DataId): Value | undefined {
    if (!(dataId instanceof Value)) return this.#moved.get(dataId);
    return dataId.disposed ? (this.#moved.get(dataId) ?? dataId) : dataId;
  }

  /** @internal */
  compute(): void {
    this.recorder.flush();
  }

  #disturb(): void {
    if (this.recorder.watch) this.recorder.watch.disturbed = true;
  }

  #materialise(value: Value): void {
    const { opaque } = value;
    if (opaque !== null && 'real' in opaque) {
      for (const part of [opaque.real, opaque.imag]) this.#materialise(this.resolve(part.dataId));
      return;
    }
    if (value.data !== null || opaque !== null) return;
    if (value.failure === null) this.recorder.flush();
    if (value.failure !== null) throw value.failure;
    if (value.data === null) throw new Error('This tensor is disposed.');
  }

  /** Copies, because the caller may go on using its array while kernels that read it are only recorded. */
  #store(values: tf.BackendValues, shape: number[], dtype: tf.DataType): Value {
    this.#count++;
    const value = new Value(shape, dtype, null);
    if (!isNumeric(dtype)) {
      value.opaque = values as OpaqueData;
      return value;
    }
    value.data = this.recorder.pool.take(dtype, sizeOf(shape));
    if (values !== null) value.data.set(asTyped(values as NumericData, dtype));
    else value.data.fill(0);
    return value;
  }
}
