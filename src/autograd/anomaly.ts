import * as tf from '@tensorflow/tfjs-core';
import { ContractError, StrobeError } from '../errors.js';
import { gradientUnderWay } from './tape.js';

type RunKernel = (name: string, inputs: Record<string, unknown>, attrs?: object) => tf.Tensor | tf.Tensor[];

/** What usually makes an operation give NaN or infinity. */
const CAUSES: Record<string, string> = {
  Log: 'a logarithm of zero or of a negative number: add a small constant, or use a loss that takes logits',
  Log1p: 'a logarithm of zero or of a negative number',
  RealDiv: 'a division by zero: add a small constant to the divisor, or mask with tf.where before dividing',
  Reciprocal: 'a division by zero',
  Sqrt: 'a root of a negative number',
  Rsqrt: 'the reciprocal root of zero: add a small constant first',
  Pow: 'a power of zero or of a negative number',
  Exp: 'an overflow: subtract the maximum first, or use tf.logSumExp or tf.softmax',
};

/**
 * Runs synchronous code and looks at what every operation in it computes. Slow: each result is read back.
 *
 * @param where the part of the run this is, for the message
 * @throws ContractError for the first operation that turns finite inputs into NaN or infinity. Its stack leads to the line
 *   that called it.
 */
export function watchForAnomalies<T>(where: string, f: () => T): T {
  const engine = tf.engine() as unknown as { runKernel: RunKernel };
  const run = engine.runKernel.bind(engine);
  engine.runKernel = (name, inputs, attrs) => {
    const outputs = run(name, inputs, attrs);
    const given = Object.values(inputs).flat().filter(isTensor);
    // Infinities that somebody made on purpose, such as those of a mask, come from constants or from other infinities.
    const bad = given.length > 0 ? [outputs].flat().map(firstBad).find(Boolean) : undefined;
    if (bad && !given.some(firstBad)) throw anomaly(name, where, bad, inputs);
    return outputs;
  };
  try {
    return f();
  } finally {
    delete (engine as { runKernel?: RunKernel }).runKernel;
  }
}

function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

function firstBad(tensor: tf.Tensor): { value: number; index: number; shape: number[] } | undefined {
  if (tensor.dtype !== 'float32') return undefined;
  const values = tensor.dataSync();
  const index = values.findIndex((value) => !Number.isFinite(value));
  return index === -1 ? undefined : { value: values[index] as number, index, shape: tensor.shape };
}

function anomaly(
  kernel: string,
  where: string,
  { value, index, shape }: { value: number; index: number; shape: number[] },
  inputs: Record<string, unknown>,
): ContractError {
  const forward = gradientUnderWay();
  const ranges = Object.entries(inputs).flatMap(([name, input]) =>
    [input]
      .flat()
      .filter(isTensor)
      .map((tensor) => `${name} ${range(tensor)}`),
  );
  return new ContractError(
    StrobeError.compose(`${kernel} made ${value} in ${where}${forward ? `, in the gradient of ${forward}` : ''}.`, {
      expected: 'finite values from finite inputs',
      received: `${value} at element ${index} of [${shape.join(', ')}], from ${ranges.join(', ')}`,
      hint: CAUSES[forward ?? kernel] ?? CAUSES[kernel] ?? 'look at the line below, where the operation was called',
    }),
  );
}

function range(tensor: tf.Tensor): string {
  const values = tensor.dataSync();
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return `[${tensor.shape.join(', ')}] between ${low.toPrecision(4)} and ${high.toPrecision(4)}`;
}
