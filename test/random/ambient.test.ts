import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { globalSeed, seedEverything, streamOf, withRandom } from '../../src/random/index.js';

const original = Math.random;
beforeEach(() => {
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  Math.random = original;
});

describe('withRandom', () => {
  test('Math.random draws from the stream inside and is the caller’s own outside', () => {
    const expected = streamOf(1, 'x').next();
    expect(
      withRandom(
        () => streamOf(1, 'x'),
        () => Math.random(),
      ),
    ).toBe(expected);
    expect(Math.random).toBe(original);
  });

  test('the stream is made at the first draw, once', () => {
    let made = 0;
    const make = () => {
      made += 1;
      return streamOf(1);
    };
    withRandom(make, () => 'nobody draws');
    expect(made).toBe(0);
    withRandom(make, () => [Math.random(), Math.random()]);
    expect(made).toBe(1);
  });

  test('calls nest, and the inner one leaves the outer stream where it was', () => {
    const [first, second] = [streamOf('outer')].flatMap((stream) => [stream.next(), stream.next()]);
    withRandom(
      () => streamOf('outer'),
      () => {
        expect(Math.random()).toBe(first);
        expect(
          withRandom(
            () => streamOf('inner'),
            () => Math.random(),
          ),
        ).toBe(streamOf('inner').next());
        expect(Math.random()).toBe(second);
      },
    );
  });

  test('Math.random is put back when the function throws', () => {
    const boom = () => {
      throw new Error('boom');
    };
    expect(() => withRandom(() => streamOf(1), boom)).toThrow('boom');
    expect(Math.random).toBe(original);
  });

  test('a Math.random that was replaced inside stays', () => {
    withRandom(
      () => streamOf(1),
      () => seedEverything(3),
    );
    expect(Math.random()).toBe(streamOf('process', 3).next());
  });

  const seedless: Record<string, () => tf.Tensor> = {
    'tf.randomNormal': () => tf.randomNormal([8]),
    'tf.truncatedNormal': () => tf.truncatedNormal([8]),
    'tf.randomUniform': () => tf.randomUniform([8]),
    'tf.randomGamma': () => tf.randomGamma([8], 2),
    'tf.multinomial': () => tf.multinomial(tf.log(tf.tensor1d([0.1, 0.2, 0.3, 0.4])), 64),
    'tf.dropout': () => tf.dropout(tf.ones([64]), 0.5),
    'tf.layers.dropout': () =>
      layers.layers.dropout({ rate: 0.5 }).apply(tf.ones([64]), { training: true }) as tf.Tensor,
    'a glorotNormal initializer': () => layers.initializers.glorotNormal({}).apply([4, 4]),
    'the weights of a dense layer': () => {
      const dense = layers.layers.dense({ units: 4, inputShape: [4] });
      dense.build([null, 4]);
      return dense.getWeights()[0]!;
    },
    'tf.util.shuffle': () => {
      const order = Array.from({ length: 32 }, (_, i) => i);
      tf.util.shuffle(order);
      return tf.tensor1d(order);
    },
  };
  test.each(Object.entries(seedless))('%s follows the stream', (_name, draw) => {
    const values = (...keys: number[]) => [...withRandom(() => streamOf(...keys), draw).dataSync()];
    expect(values(1, 2)).toEqual(values(1, 2));
    expect(values(1, 2)).not.toEqual(values(1, 3));
  });
});

describe('seedEverything', () => {
  test('the process repeats its draws, tfjs included', () => {
    seedEverything(42);
    const first = [Math.random(), ...tf.randomNormal([4]).dataSync()];
    seedEverything(42);
    expect([Math.random(), ...tf.randomNormal([4]).dataSync()]).toEqual(first);
    seedEverything(43);
    expect(Math.random()).not.toBe(first[0]);
  });

  test('the seed is remembered', () => {
    seedEverything(7);
    expect(globalSeed()).toBe(7);
  });

  test.each([1.5, -1, Number.NaN, 2 ** 53, '42' as never, undefined as never])('%s is no seed', (seed) => {
    seedEverything(7);
    expect(() => seedEverything(seed)).toThrow(ConfigurationError);
    expect(globalSeed()).toBe(7);
  });
});
