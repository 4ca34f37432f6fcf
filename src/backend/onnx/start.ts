import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { silenceAdvert, startCpu } from '../cpu.js';
import type { OnnxBackend } from './backend.js';
import { registerOnnxBackend } from './register.js';
import { loadRuntime } from './runtime.js';

/** True, or why ONNX Runtime cannot be used in this process. */
export async function onnxAvailable(): Promise<true | string> {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node');
  } catch {
    return 'the package onnxruntime-node is not installed';
  }
  try {
    loadRuntime();
    return true;
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    return `onnxruntime-node's native library cannot be loaded on ${process.platform}/${process.arch}: ${cause instanceof Error ? cause.message.split('\n')[0] : String(error)}`;
  }
}

/** Makes the onnx engine the current one; kernels that it has no native form of run on the cpu backend. */
export async function startOnnx(): Promise<void> {
  if (!tf.getBackend()) await startCpu();
  tf.findBackend('cpu');
  silenceAdvert();
  registerOnnxBackend();
  await tf.setBackend('onnx');
}

/** Threads one kernel of the engine may use. */
export function onnxThreads(): number {
  return (tf.findBackend('onnx') as OnnxBackend).threads;
}

/** Results are bit-identical only for the same number. */
export function setOnnxThreads(count: number): void {
  (tf.findBackend('onnx') as OnnxBackend).threads = count;
}
