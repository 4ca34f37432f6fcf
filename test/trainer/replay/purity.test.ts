import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Module, parameter } from 'strobe';
import { impurityOf } from '../../../src/trainer/replay/purity.js';

let outside = 0.5;
const CLASSES = 4;
const settings = { beta: 1 };
const scale = (x: tf.Tensor) => tf.mul(x, 2);

/** A module whose `trainingStep` is given. */
function withStep(step: object): Module {
  class Given extends Module {
    readonly w = parameter(tf.zeros([2]));
    readonly blocks = [{ apply: (x: tf.Tensor) => tf.relu(x) }];
    count = 0;
    rate = 0.1;
    get doubled(): number {
      return 2 * this.rate;
    }
    get clock(): number {
      return Date.now();
    }
    helper(x: tf.Tensor): tf.Tensor {
      return tf.mul(x, this.rate);
    }
    careless(x: tf.Tensor): tf.Tensor {
      this.count += 1;
      return x;
    }
  }
  Object.defineProperties(Given.prototype, Object.getOwnPropertyDescriptors(step));
  return new Given();
}

interface Self extends Module {
  w: { variable: tf.Variable };
  rate: number;
  count: number;
  doubled: number;
  clock: number;
  blocks: { apply(x: tf.Tensor): tf.Tensor }[];
  helper(x: tf.Tensor): tf.Tensor;
  careless(x: tf.Tensor): tf.Tensor;
}
type Step = Record<string, unknown> & ThisType<Self>;

describe('a training step is taken for nothing but a computation', () => {
  it.each<[string, Step]>([
    [
      'with operations, loops, own variables and logging',
      {
        trainingStep([x, y]: tf.Tensor[]) {
          let h = x as tf.Tensor;
          const parts = [];
          for (const block of this.blocks) {
            h = block.apply(h);
            parts.push(h);
          }
          for (let i = 0; i < 2; i++) h = tf.mul(h, i + CLASSES);
          const loss = tf.mean(tf.squaredDifference(h, y as tf.Tensor));
          this.log('loss', loss, { progBar: true });
          return { loss, parts };
        },
      },
    ],
    [
      'with fields, methods, accessors and functions',
      {
        trainingStep(x: tf.Tensor) {
          return scale(this.helper(tf.mul(x, this.rate * this['doubled'] * Math.sqrt(2))));
        },
      },
    ],
    ['as an arrow function', { trainingStep: (x: tf.Tensor) => tf.tidy(() => tf.mean(x)) }],
    [
      'with fields taken apart',
      {
        trainingStep(x: tf.Tensor) {
          const { w } = this;
          return tf.mul(x, w.variable);
        },
      },
    ],
  ])('%s', (_, step) => expect(impurityOf(withStep(step))).toBeUndefined());
});

describe('a training step is taken for more than a computation', () => {
  it.each<[string, RegExp, Step]>([
    [
      'that counts in a field',
      /changes an object/,
      {
        trainingStep() {
          this.count++;
        },
      },
    ],
    [
      'that counts outside',
      /assigns to outside/,
      {
        trainingStep() {
          outside += 1;
        },
      },
    ],
    [
      'that reads a variable outside',
      /reads outside/,
      {
        trainingStep(x: tf.Tensor) {
          return tf.mul(x, outside);
        },
      },
    ],
    [
      'that reads an object outside',
      /reads settings/,
      {
        trainingStep(x: tf.Tensor) {
          return tf.mul(x, settings.beta);
        },
      },
    ],
    [
      'that calls for the effect',
      /effect/,
      {
        trainingStep(x: tf.Tensor) {
          scale(x);
        },
      },
    ],
    [
      'that prints',
      /effect|console/,
      {
        trainingStep(x: tf.Tensor) {
          console.log(x);
        },
      },
    ],
    [
      'that reads the clock',
      /now|Date/,
      {
        trainingStep(x: tf.Tensor) {
          return tf.mul(x, Date.now());
        },
      },
    ],
    [
      'that reads the clock in an accessor',
      /clock (uses Date|calls now)/,
      {
        trainingStep() {
          return this['clock'];
        },
      },
    ],
    [
      'that throws dice',
      /random/,
      {
        trainingStep(x: tf.Tensor) {
          return Math.random() < 0.1 ? x : tf.neg(x);
        },
      },
    ],
    [
      'that looks at values',
      /dataSync/,
      {
        trainingStep(x: tf.Tensor) {
          return tf.mul(x, x.dataSync()[0] as number);
        },
      },
    ],
    [
      'that looks at the epoch',
      /currentEpoch/,
      {
        trainingStep(x: tf.Tensor) {
          return tf.mul(x, this.currentEpoch);
        },
      },
    ],
    [
      'that looks at the trainer',
      /this\.trainer/,
      {
        trainingStep(x: tf.Tensor) {
          return tf.mul(x, this.trainer.globalStep);
        },
      },
    ],
    [
      'that takes the batch index',
      /number of the batch/,
      {
        trainingStep(x: tf.Tensor, i: number) {
          return tf.mul(x, i);
        },
      },
    ],
    [
      'that takes all arguments',
      /arguments/,
      {
        trainingStep() {
          return tf.mean(arguments[0] as tf.Tensor);
        },
      },
    ],
    [
      'that hands itself on',
      /this/,
      {
        trainingStep() {
          return tf.mean((scale as (x: unknown) => tf.Tensor)(this));
        },
      },
    ],
    [
      'that changes the batch',
      /changes an object/,
      {
        trainingStep(batch: tf.Tensor[]) {
          batch[0] = tf.zeros([1]);
        },
      },
    ],
    [
      'whose method counts',
      /careless changes an object/,
      {
        trainingStep(x: tf.Tensor) {
          return this.careless(x);
        },
      },
    ],
    [
      'that waits',
      /Await/,
      {
        async trainingStep(x: tf.Tensor) {
          return tf.mul(x, (await x.max().data())[0] as number);
        },
      },
    ],
    ['that cannot be read', /cannot be read/, { trainingStep: Math.abs }],
  ])('%s', (_, reason, step) => expect(impurityOf(withStep(step))).toMatch(reason));
});
