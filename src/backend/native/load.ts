import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StrobeError } from '../../errors.js';
import { borrowFromCpu } from '../wasm/delegate.js';
import { explainFailure } from './failure.js';
import { registerOptimizerKernels } from './optimizers.js';
import { installShims } from './shims.js';
import { TFJS_SYMBOL } from './sources.js';

/** The files an engine is loaded from. */
export interface EngineFiles {
  /** The package `@tensorflow/tfjs-node-gpu`. */
  folder: string;
  /** Its addon. */
  binding: string;
  /** The addon that keeps TensorFlow's greeting off the screen; null where the package was installed by others. */
  quiet: string | null;
}

/** What a loaded TensorFlow says of itself. */
export interface LoadedTensorFlow {
  version: string;
  /** True when it computes on a CUDA device. */
  gpu: boolean;
}

/** tfjs's name of the backend, under which the package registers its kernels. */
export const TENSORFLOW_BACKEND = 'tensorflow';

interface Binding {
  TF_Version: string;
  isUsingGpuDevice(): boolean;
  executeOp(name: string, ...rest: unknown[]): unknown;
}

let loaded: LoadedTensorFlow | undefined;

interface NodeBackend extends tf.KernelBackend {
  /** Asked for what another backend holds, it has it moved. */
  tensorMap: tf.DataStorage<object>;
}

/**
 * Loads TensorFlow into this process and registers it with tfjs as the backend `tensorflow`, without setting it. Once
 * loaded it stays.
 *
 * @param log takes what TensorFlow says while it starts.
 * @throws StrobeError when the native library does not load.
 */
export function loadTensorFlow(files: EngineFiles, log: string): LoadedTensorFlow {
  if (loaded) return loaded;
  const require = createRequire(join(files.folder, 'package.json'));
  installShims();
  (globalThis as Record<symbol, unknown>)[Symbol.for(TFJS_SYMBOL)] = tf;
  // Read by TensorFlow when it starts. A user's own settings win. Without the second it takes all of a GPU's memory.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  try {
    const binding = quietly(files.quiet, log, () => explained(require(files.binding) as Binding));
    const { NodeJSKernelBackend } = require(join(files.folder, 'dist/nodejs_kernel_backend.js')) as {
      NodeJSKernelBackend: new (binding: Binding, name: string) => NodeBackend;
    };
    require(join(files.folder, 'dist/register_all_kernels.js'));
    const make = () => fetching(new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'));
    tf.registerBackend(TENSORFLOW_BACKEND, make, 3);
    registerMissingKernels();
    registerOptimizerKernels();
    loaded = { version: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
    return loaded;
  } catch (cause) {
    throw new StrobeError(
      StrobeError.compose('TensorFlow cannot be loaded', {
        expected: `an addon that loads: ${files.binding}`,
        received: cause instanceof Error ? (cause.message.split('\n')[0] ?? cause.name) : String(cause),
        hint: `build it again: strobe native build; what TensorFlow said is in ${log}`,
      }),
      { cause },
    );
  }
}

/** The TensorFlow of this process, once it is loaded. */
export function loadedTensorFlow(): LoadedTensorFlow | undefined {
  return loaded;
}

/** Some of its kernels read their inputs themselves, and it knows no tensors of other backends then: they are moved first. */
function fetching(backend: NodeBackend): NodeBackend {
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    backend.tensorMap.get(dataId);
    return readSync(dataId);
  };
  return backend;
}

/** The addon, with operations whose errors say what to do. Its own properties cannot be changed. */
function explained(binding: Binding): Binding {
  const executeOp: Binding['executeOp'] = (name, ...rest) => {
    try {
      return binding.executeOp(name, ...rest);
    } catch (cause) {
      throw explainFailure(name, cause);
    }
  };
  return Object.create(binding, { executeOp: { value: executeOp, configurable: true } }) as Binding;
}

/** tfjs-node cuts a seed between 0 and 1 to 0, which is TensorFlow's word for "another one every time". */
const UNSEEDED = 'Multinomial';

/** What the cpu backend can compute and tfjs-node cannot: rare kernels, worth a copy. */
function registerMissingKernels(): void {
  tf.unregisterKernel(UNSEEDED, TENSORFLOW_BACKEND);
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
    if (tf.getKernel(kernelName, TENSORFLOW_BACKEND)) continue;
    tf.registerKernel({ kernelName, backendName: TENSORFLOW_BACKEND, kernelFunc: borrowFromCpu(kernelName) });
  }
}

function quietly<T>(addon: string | null, log: string, action: () => T): T {
  if (addon === null) return action();
  const quiet = createRequire(addon)(addon) as { begin(path: string): void; end(): void };
  quiet.begin(log);
  try {
    return action();
  } finally {
    quiet.end();
  }
}
