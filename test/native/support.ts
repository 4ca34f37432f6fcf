import * as tf from '@tensorflow/tfjs-core';

type Call = (...args: unknown[]) => unknown;

/**
 * Writes down what TensorFlow is asked to do from now on: the names of its operations, and `read` where values come back
 * to the host.
 *
 * @returns what ends it, and gives what was asked.
 */
export function trace(): () => string[] {
  const { binding } = tf.backend() as unknown as { binding: Record<'executeOp' | 'tensorDataSync', Call> };
  const asked: string[] = [];
  const { executeOp, tensorDataSync } = binding;
  const replace = (name: keyof typeof binding, value: Call): void =>
    void Object.defineProperty(binding, name, { value, configurable: true });
  replace('executeOp', (name, ...rest) => {
    asked.push(name as string);
    return executeOp.call(binding, name, ...rest);
  });
  replace('tensorDataSync', (id) => {
    asked.push('read');
    return tensorDataSync.call(binding, id);
  });
  return () => {
    replace('executeOp', executeOp);
    replace('tensorDataSync', tensorDataSync);
    return asked;
  };
}
