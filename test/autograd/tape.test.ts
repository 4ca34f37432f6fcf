import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { record } from '../../src/autograd/tape.js';

beforeAll(() => tf.setBackend('cpu'));

type Op = (x: tf.Tensor) => tf.Tensor;
const OPS: Record<string, Op> = {
  tanh: (x) => tf.tanh(x),
  squareTwice: (x) => tf.mul(tf.square(x), x),
  softmax: (x) => tf.softmax(x),
  transposed: (x) => tf.matMul(x, x, false, true),
  reduced: (x) => tf.add(x, tf.mean(x, 1, true)),
  split: (x) => tf.concat(tf.split(x, [1, (x.shape[1] ?? 2) - 1], 1).reverse(), 1),
  branches: (x) => tf.add(tf.relu(x), tf.sigmoid(x)),
};

const values = (tensor: tf.Tensor | undefined) => tensor && Array.from(tensor.dataSync());

describe('a recorded forward pass', () => {
  it('gives the gradients of tf.variableGrads bit for bit, whatever is computed', () => {
    const shapes = fc.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 2, max: 4 }) });
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.constantFrom(...Object.keys(OPS)), { maxLength: 5 }),
        fc.nat(),
        ({ rows, columns }, names, seed) => {
          const w = tf.variable(tf.randomNormal([columns, columns], 0, 1, 'float32', seed));
          const b = tf.variable(tf.randomNormal([columns], 0, 1, 'float32', seed + 1));
          const unused = tf.variable(tf.scalar(1));
          const x = tf.randomNormal([rows, columns], 0, 1, 'float32', seed + 2);
          const loss = () => {
            const through = names.reduce((h, name) => (OPS[name] as Op)(h), tf.add(tf.matMul(x, w), b));
            return tf.mean(tf.square(through)) as tf.Scalar;
          };
          const { grads } = tf.variableGrads(loss, [w, b]);
          const { result, tape } = record(loss);
          const [dw, db, du] = tape.gradients(result, [w, b, unused]);
          expect(values(dw)).toEqual(values(grads[w.name]));
          expect(values(db)).toEqual(values(grads[b.name]));
          expect(du).toBeUndefined();
          tf.dispose([w, b, unused, x, grads, result, dw, db]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('multiplies the gradients by the scale', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const { result, tape } = record(() => tf.sum<tf.Scalar>(tf.square(w)));
    expect(values(tape.gradients(result, [w], 0.5)[0])).toEqual([1, 2]);
  });

  it('leaves no tensor behind, whether it is walked or disposed or fails', () => {
    const w = tf.variable(tf.ones([3]));
    const before = tf.memory().numTensors;
    const walked = record(() => tf.sum<tf.Scalar>(tf.exp(tf.mul(w, 2))));
    tf.dispose([walked.result, ...(walked.tape.gradients(walked.result, [w]) as tf.Tensor[])]);
    const disposed = record(() => tf.sum<tf.Scalar>(tf.exp(w)));
    disposed.tape.dispose();
    disposed.result.dispose();
    const failing = () =>
      record(() => {
        tf.exp(w);
        throw new RangeError('in the step');
      });
    expect(failing).toThrow('in the step');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('may be walked again after a walk that failed', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const before = tf.memory().numTensors;
    let fails = true;
    const odd = tf.customGrad((x, save) => {
      (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
      return {
        value: tf.square(x as tf.Tensor),
        gradFunc: (dy, saved) => {
          if (fails) throw new RangeError('no memory');
          return tf.mul(dy, saved[0] as tf.Tensor);
        },
      };
    });
    const { result, tape } = record(() => tf.sum<tf.Scalar>(tf.exp(odd(w))));
    expect(() => tape.gradients(result, [w])).toThrow('no memory');
    fails = false;
    const [gradient] = tape.gradients(result, [w]);
    tf.dispose(result);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(values(gradient)).toEqual(tf.tidy(() => values(tf.mul(w, tf.exp(tf.square(w))))));
  });

  it('neither records nor disposes what is computed between the two phases', () => {
    const w = tf.variable(tf.ones([2]));
    const { result, tape } = record(() => tf.sum<tf.Scalar>(tf.mul(w, 3)));
    const recorded = tape.length;
    const mine = tf.mul(w, 5);
    const { grads } = tf.variableGrads(() => tf.sum(tf.square(w)), [w]);
    expect(tape.length).toBe(recorded);
    expect(values(tape.gradients(result, [w])[0])).toEqual([3, 3]);
    expect(values(mine)).toEqual([5, 5]);
    expect(values(grads[w.name])).toEqual([2, 2]);
  });

  it("works inside a recording of the user's own", () => {
    const w = tf.variable(tf.scalar(3));
    const { grads } = tf.variableGrads(() => {
      const inner = record(() => tf.square(w) as tf.Scalar);
      inner.tape.gradients(inner.result, [w]);
      return tf.mul(w, 7);
    }, [w]);
    expect(values(grads[w.name])).toEqual([7]);
  });
});
