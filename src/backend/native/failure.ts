import { StrobeError } from '../../errors.js';
import { isOutOfMemory } from '../out-of-memory.js';

/** tfjs-node prefixes TensorFlow's message with the number of its status. */
const STATUS = /Invalid TF_Status: (\d+)\s+Message: ([^\n]*)/;

/** Turns what TensorFlow said about an operation into an error that says what to do. */
export function explainFailure(operation: string, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const [, status, message = ''] = STATUS.exec(cause.message) ?? [];
  if (status === undefined) return cause;
  const memory = isOutOfMemory(cause);
  return new StrobeError(
    StrobeError.compose(`TensorFlow's operation ${operation} failed`, {
      expected: memory ? 'enough memory for its results' : 'inputs it can compute with',
      received: memory ? `out of memory (${message})` : message,
      hint: memory
        ? 'use a smaller batch, or dispose tensors that are no longer needed (tf.memory() counts them)'
        : 'check the shapes and values that enter this call; the engine goes on working',
    }),
    { cause },
  );
}
