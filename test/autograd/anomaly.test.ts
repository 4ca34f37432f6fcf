import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { watchForAnomalies } from '../../src/autograd/anomaly.js';
import { parameter } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('watching for anomalies', () => {
  it('names the first operation that makes NaN or infinity, with its inputs, and leads to the line', () => {
    const x = tf.tensor1d([1, -2]);
    const error = (() => {
      try {
        watchForAnomalies('a test', () => tf.mean(tf.mul(tf.log(x), 2)));
      } catch (caught) {
        return caught as Error;
      }
      throw new Error('nothing was thrown');
    })();
    expect(error.message).toMatch(/Log made NaN in a test/);
    expect(error.message).toMatch(/element 1 of \[2\], from x \[2\] between -2.000 and 1.000/);
    expect(error.message).toMatch(/add a small constant/);
    expect(error.stack).toContain('anomaly.test.ts');
  });

  it('lets infinities pass that are made on purpose', () => {
    const mask = tf.tensor1d([true, false]);
    const softmax = watchForAnomalies('a test', () => {
      const scores = tf.where(mask, tf.tensor1d([1, 2]), tf.tensor1d([-Infinity, -Infinity]));
      return tf.softmax(scores);
    });
    expect([...softmax.dataSync()]).toEqual([1, 0]);
  });

  it('leaves the engine as it was', () => {
    expect(() => watchForAnomalies('a test', () => tf.log(tf.scalar(-1)))).toThrow();
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
    expect(tf.log(tf.scalar(-1)).dataSync()[0]).toBeNaN();
  });
});

describe('detectAnomaly', () => {
  class Roots extends OneWeight {
    override readonly w = parameter(tf.scalar(0));
    override trainingStep(batch: tf.Tensor) {
      return tf.mean<tf.Scalar>(tf.sqrt(tf.mul(batch, this.w.variable)));
    }
  }

  it('finds what is wrong in the backward pass, though the loss is fine, and says whose gradient it is', async () => {
    const fit = quietTrainer({ detectAnomaly: true }).fit(new Roots(), upTo(1));
    await expect(fit).rejects.toThrow(/made (Infinity|NaN) in the backward pass of step 0.*in the gradient of Sqrt/s);
  });

  it('is off unless asked for', async () => {
    expect(quietTrainer().options.detectAnomaly).toBe(false);
  });
});
