/** Run by trial.ts in a process of its own: trains on the cpu engine and on a freshly built one, and prints how they differ. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { startCpu } from '../cpu.js';
import { type EngineFiles, loadTensorFlow, TENSORFLOW_BACKEND } from './load.js';

const { files, log } = JSON.parse(process.argv[2] ?? '') as { files: EngineFiles; log: string };

await startCpu();
const expected = trainThreeSteps();
const { version, gpu } = loadTensorFlow(files, log);
await tf.setBackend(TENSORFLOW_BACKEND);
const received = trainThreeSteps();

const largest = Math.max(...expected.map(Math.abs));
const deviation = Math.max(...expected.map((value, i) => Math.abs(value - (received[i] ?? Infinity)))) / largest;
console.log(JSON.stringify({ version, gpu, deviation }));

/** A convolution, a dense layer and softmax, by gradient descent: the weights after three steps. */
function trainThreeSteps(): number[] {
  const wave = (shape: number[], frequency: number) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i * frequency)),
      shape,
    );
  const x = wave([8, 8, 8, 1], 0.7) as tf.Tensor4D;
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1, 2, 3], 'int32'), 4);
  const kernel = tf.variable(wave([3, 3, 1, 4], 1.3) as tf.Tensor4D);
  const dense = tf.variable(wave([4 * 4 * 4, 4], 1.7) as tf.Tensor2D);
  const loss = () => {
    const pooled = tf.maxPool(tf.relu(tf.conv2d(x, kernel, 1, 'same')), 2, 2, 'same');
    const logits = tf.matMul(tf.reshape(pooled, [8, -1]), dense);
    return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1))) as tf.Scalar;
  };
  for (let step = 0; step < 3; step++) {
    tf.tidy(() => {
      const { grads } = tf.variableGrads(loss, [kernel, dense]);
      for (const variable of [kernel, dense]) {
        variable.assign(tf.sub(variable, tf.mul(grads[variable.name] as tf.Tensor, 0.1)));
      }
    });
  }
  return [...kernel.dataSync(), ...dense.dataSync()];
}
