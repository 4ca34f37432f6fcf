import * as tf from '@tensorflow/tfjs-core';

/** One recorded kernel call, as tfjs's engine keeps it on the tape. */
export interface TapeNode {
  id: number;
  kernelName: string;
  inputs: Record<string, tf.Tensor>;
  outputs: tf.Tensor[];
  saved?: tf.Tensor[];
  /** Takes the gradients of the outputs; gives, for each input, a function that computes its gradient. */
  gradient?: (dys: tf.Tensor[]) => Record<string, () => tf.Tensor>;
}

/**
 * What Strobe uses of tfjs's engine beyond its public types. tfjs is pinned to one version for this,
 * and nothing else in the code base reaches behind its types.
 */
export interface EngineInternals {
  readonly backend: tf.KernelBackend;
  /** The backends that were initialised, by name. */
  readonly registry: Readonly<Record<string, tf.KernelBackend>>;
  readonly state: {
    /** Undefined until the first recording, null after one. */
    activeTape: TapeNode[] | null | undefined;
    gradientDepth: number;
    kernelDepth: number;
    activeScope: { track: tf.Tensor[] } | null;
    scopeStack: unknown[];
    /** Where the values of each live dataId are. */
    tensorInfo: WeakMap<object, { backend: tf.KernelBackend }>;
  };
  startTape(): void;
  endTape(): void;
  startScope(name?: string): void;
  endScope(result?: tf.TensorContainer): void;
  nextTensorId(): number;
  incRef(tensor: tf.Tensor, backend: tf.KernelBackend): void;
  makeTensorFromTensorInfo(info: tf.TensorInfo, backend: tf.KernelBackend): tf.Tensor;
}

export function engine(): EngineInternals {
  return tf.engine() as unknown as EngineInternals;
}
