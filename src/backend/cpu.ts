import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

/** Makes tfjs's plain JavaScript backend the current one. */
export async function startCpu(): Promise<void> {
  const started = tf.setBackend('cpu');
  silenceAdvert();
  await started;
}

/**
 * Where nobody has chosen a backend yet, the cpu one, quietly: tensors are often made before a trainer chooses an engine,
 * and tfjs would greet the first of them with advice.
 */
export function startQuietly(): void {
  // The cpu backend is there at once; the promise is for backends that have to wait.
  if (!tf.getBackend()) void startCpu();
}

/** The cpu backend greets its first tensor in Node with advice to install another package; a library's user did not ask. */
export function silenceAdvert(): void {
  const cpu = tf.findBackend('cpu') as unknown as { firstUse: boolean } | null;
  if (cpu) cpu.firstUse = false;
}
