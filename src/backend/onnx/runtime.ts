import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type * as CommonModule from 'onnxruntime-common';
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import type * as BindingModule from 'onnxruntime-node/dist/binding.js';
import type { Binding } from 'onnxruntime-node/dist/binding.js';
import { StrobeError } from '../../errors.js';

/** The part of onnxruntime-node this engine is built on. */
export interface Runtime {
  Session: Binding.InferenceSessionConstructor;
  Tensor: TensorConstructor;
  version: string;
}

export type NativeSession = Binding.InferenceSession;
export type NativeTensor = Tensor;

let loaded: Runtime | undefined;

/** Only errors: its warnings are about choices this engine makes on purpose. */
const LOG_LEVEL = 3;

/** What is thrown when results are where they belong. */
const WRITTEN = Symbol('written');
let writing = false;

/**
 * The binding gives results out as new tensors even where it has written them into arrays it was handed: an allocation and
 * a copy of every result, which took a fifth of a small network's step. This is the constructor it makes those tensors
 * with, and it ends that at the first. (Once somebody else in the process has given the binding another constructor, runs take that much
 * longer, and nothing else changes.)
 */
function resultConstructor(Tensor: TensorConstructor): TensorConstructor {
  return function (type: 'float32', data: Float32Array, dims: readonly number[]) {
    if (writing) throw WRITTEN;
    return new Tensor(type, data, dims);
  } as unknown as TensorConstructor;
}

/** Runs a session whose results are all written into tensors of the caller's. */
export function runInPlace(
  session: NativeSession,
  feeds: Record<string, NativeTensor>,
  results: Record<string, NativeTensor>,
): void {
  writing = true;
  try {
    session.run(feeds, results, {});
  } catch (thrown) {
    if (thrown !== WRITTEN) throw thrown;
  } finally {
    writing = false;
  }
}

/**
 * Loads ONNX Runtime's native library, once per process.
 *
 * The package's public API is asynchronous, while a tfjs backend must answer `dataSync()`: so this takes the
 * synchronous session underneath, which is why the package is pinned to an exact version.
 *
 * @throws StrobeError where there is no library for this platform (macOS on Intel, Linux with musl).
 */
export function loadRuntime(): Runtime {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  try {
    const { binding } = require('onnxruntime-node/dist/binding.js') as typeof BindingModule;
    const common = require('onnxruntime-common') as typeof CommonModule;
    const { version } = require('onnxruntime-node/package.json') as { version: string };
    binding.initOrtOnce(LOG_LEVEL, resultConstructor(common.Tensor), isMainThread);
    loaded = { Session: binding.InferenceSession, Tensor: common.Tensor, version };
    return loaded;
  } catch (cause) {
    throw new StrobeError(
      StrobeError.compose('The onnx engine cannot be loaded', {
        expected: 'onnxruntime-node with its native library: Linux with glibc, macOS on Apple silicon, or Windows',
        received: `${process.platform}/${process.arch}: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
        hint: "choose another engine, e.g. backend: 'wasm' or 'cpu', or install onnxruntime-node again",
      }),
      { cause },
    );
  }
}
