import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { engine } from '../../tensors/engine.js';
import { silenceAdvert, startCpu } from '../cpu.js';
import { registerTrainingKernels } from './kernels.js';

const binary = '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';

/** True, or why WebAssembly cannot be used in this process. */
export async function wasmAvailable(): Promise<true | string> {
  if (!('WebAssembly' in globalThis)) return 'this JavaScript runtime has no WebAssembly';
  try {
    createRequire(import.meta.url).resolve(binary);
    return true;
  } catch {
    return 'the package @tensorflow/tfjs-backend-wasm is not installed';
  }
}

/** Makes tfjs's WebAssembly backend the current one, with the kernels training needs. One thread: its threads do not work on Node. */
export async function startWasm(): Promise<void> {
  loading ??= load();
  try {
    await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
  await tf.setBackend('wasm');
}

let loading: Promise<void> | undefined;

async function load(): Promise<void> {
  if ('wasm' in engine().registry) return registerTrainingKernels();
  // The package registers itself as the best backend but asynchronously, so tfjs would refuse every tensor made before it
  // is ready. With a backend set, and a second registration that has its instance at hand, work never has to wait.
  if (!tf.getBackend()) await startCpu();
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  registerTrainingKernels();
  setWasmPaths(dirname(createRequire(import.meta.url).resolve(binary)) + sep);

  const instance = (await withoutProcessHandlers(tf.findBackendFactory('wasm'))) as BackendWasm;
  refuseWhatDoesNotFit(instance);
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => instance, 2);
  // The kernels that wasm has to borrow run on the cpu backend.
  tf.findBackend('cpu');
  silenceAdvert();
}

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** A full heap answers 0 to `malloc`, and a size beyond 32 bits is cut off: the backend would write over its own memory. */
function refuseWhatDoesNotFit(backend: BackendWasm): void {
  // Emscripten's own functions are missing from tfjs's type.
  const wasm = backend.wasm as unknown as Heap;
  // Emscripten's function replaces itself when it is first called.
  wasm._free(wasm._malloc(1));
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < 2 ** 32 ? allocate(bytes) : 0;
    if (address === 0 && bytes > 0)
      throw new RangeError(`Out of memory: the wasm engine has no room for ${bytes} bytes.`);
    return address;
  };
}

/**
 * Emscripten's start-up code installs handlers that rethrow every uncaught exception and rejection, which would take down
 * a notebook kernel or terminal that handles its own.
 */
async function withoutProcessHandlers<T>(start: () => T | Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Map(events.map((event) => [event, new Set(listeners(event))]));
  try {
    return await start();
  } finally {
    for (const event of events) {
      for (const listener of listeners(event)) {
        const emscripten = /ExitStatus|throw reason/.test(String(listener));
        if (emscripten && !before.get(event)!.has(listener)) process.off(event, listener);
      }
    }
  }
}

type Listener = (...args: unknown[]) => void;

function listeners(event: 'uncaughtException' | 'unhandledRejection'): Listener[] {
  return process.rawListeners(event) as Listener[];
}
