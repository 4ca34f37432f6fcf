import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

/** Makes tfjs's plain JavaScript backend the current one. */
export async function startCpu(): Promise<void> {
  await tf.setBackend('cpu');
  silenceAdvert();
}

/** The cpu backend greets its first tensor in Node with advice to install another package; a library's user did not ask. */
export function silenceAdvert(): void {
  (tf.findBackend('cpu') as unknown as { firstUse: boolean }).firstUse = false;
}
