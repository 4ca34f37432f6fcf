import os from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { StrobeError } from '../../errors.js';
import { startCpu } from '../cpu.js';
import { findInstallation } from './installation.js';
import { type LoadedTensorFlow, loadedTensorFlow, loadTensorFlow, TENSORFLOW_BACKEND } from './load.js';
import { nvidiaDriver } from './machine.js';
import { nativePaths } from './paths.js';

/** Threads TensorFlow computes with on a CPU. */
export const nativeThreads = (): number => os.availableParallelism();

/** True, or why TensorFlow cannot be used in this process, on whatever it computes. */
export async function nativeAvailable(): Promise<true | string> {
  const found = findInstallation();
  return typeof found === 'string' ? found : true;
}

/** True, or why TensorFlow cannot compute on a CUDA device. Whether CUDA works is known only once it is started. */
export async function gpuAvailable(): Promise<true | string> {
  if (!nvidiaDriver()) return 'no NVIDIA driver is loaded on this machine';
  const found = findInstallation();
  if (typeof found === 'string') return found;
  return found.variant === 'cpu' ? 'it was built for the CPU: strobe native build --cuda' : true;
}

/** Makes TensorFlow tfjs's current backend. */
export async function startNative(): Promise<void> {
  load();
  await tf.setBackend(TENSORFLOW_BACKEND);
}

/**
 * Makes TensorFlow tfjs's current backend, on a CUDA device.
 *
 * @throws StrobeError when it has found none.
 */
export async function startGpu(): Promise<void> {
  const { version, gpu } = load();
  if (!gpu) {
    throw new StrobeError(
      StrobeError.compose('TensorFlow found no CUDA device', {
        expected: 'a GPU it can use',
        received: `TensorFlow ${version} on the CPU`,
        hint: `see nvidia-smi, CUDA_VISIBLE_DEVICES and ${nativePaths().log}, or use the CPU: backend: 'native'`,
      }),
    );
  }
  await tf.setBackend(TENSORFLOW_BACKEND);
}

/** What Strobe's TensorFlow computes on, while it is tfjs's current backend; null while it is not. */
export function computesOn(): 'gpu' | 'cpu' | null {
  const loaded = loadedTensorFlow();
  if (!loaded || tf.getBackend() !== TENSORFLOW_BACKEND) return null;
  return loaded.gpu ? 'gpu' : 'cpu';
}

function load(): LoadedTensorFlow {
  const found = findInstallation();
  if (typeof found === 'string') throw new StrobeError(found);
  // Tensors may exist already, and some kernels are borrowed: both need the cpu backend, quietly.
  if (!tf.getBackend()) void startCpu();
  tf.findBackend('cpu');
  return loadTensorFlow(found.files, nativePaths().log);
}
