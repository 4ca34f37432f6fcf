import { createRequire } from 'node:module';
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
    const { binding, initOrt } = require('onnxruntime-node/dist/binding.js') as typeof BindingModule;
    const common = require('onnxruntime-common') as typeof CommonModule;
    const { version } = require('onnxruntime-node/package.json') as { version: string };
    // Its warnings are about choices this engine makes on purpose, so only errors come through.
    common.env.logLevel = 'error';
    initOrt();
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
