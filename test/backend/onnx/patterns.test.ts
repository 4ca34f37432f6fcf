import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildGraph } from '../../../src/backend/onnx/graph/build.js';
import { type OnnxBackend, registerOnnxBackend } from '../../../src/backend/onnx/index.js';
import type { Value } from '../../../src/backend/onnx/values.js';

/** Kernels that are computed otherwise in company than alone. */
beforeAll(async () => {
  registerOnnxBackend({ threads: 1 });
  await tf.setBackend('onnx');
  (tf.backend() as OnnxBackend).recorder.smallWork.mode = 'native';
});

async function onBoth(compute: () => number[][]): Promise<{ onnx: number[][]; cpu: number[][] }> {
  await tf.setBackend('cpu');
  const cpu = compute();
  await tf.setBackend('onnx');
  return { onnx: compute(), cpu };
}

const windows = fc.record({
  // Few images have the positions of the maxima written down, many have them searched for.
  images: fc.constantFrom([2, 2] as const, [64, 8] as const),
  side: fc.integer({ min: 3, max: 9 }),
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom('valid', 'same'),
  before: fc.boolean(),
});

describe('the gradient of a pooled ReLU', () => {
  it('is that of the cpu backend, ties and zeros included', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(windows, fc.infiniteStream(fc.integer({ min: -2, max: 3 })), async (window, values) => {
        const {
          images: [batch, channels],
          side,
          size,
          stride,
          pad,
          before,
        } = window;
        // Few different values, so that many windows have several maxima.
        const [x, w] = [batch * side * side * channels, 8].map((n) =>
          Float32Array.from({ length: n }, () => values.next().value),
        );
        const results = await onBoth(() =>
          tf.tidy(() => {
            const images = tf.tensor4d(x as Float32Array, [batch, side, side, channels]);
            const pooled = (t: tf.Tensor) =>
              before
                ? tf.maxPool(tf.relu(t) as tf.Tensor4D, size, stride, pad)
                : tf.relu(tf.maxPool(t as tf.Tensor4D, size, stride, pad as 'same'));
            const grad = tf.grad((t) => {
              const y = pooled(t);
              const weights = tf.tensor(
                Array.from({ length: y.size }, (_, i) => w![i % 8]! + 0.5),
                y.shape,
              );
              return tf.sum(tf.mul(y, weights));
            });
            return [[...grad(images).dataSync()]];
          }),
        );
        expect(results.onnx[0]!.map((v) => v + 0)).toEqual(results.cpu[0]!.map((v) => v + 0));
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});

describe('the gradient of max pooling', () => {
  it.each(['of the images', 'of their ReLU'])('hands nothing back to windows of nothing but NaN: %s', async (what) => {
    const pixels = Float32Array.from({ length: 16 }, (_, i) => i + 1);
    for (const i of [0, 1, 4, 5]) pixels[i] = NaN;
    const { onnx } = await onBoth(() =>
      tf.tidy(() => {
        const pooled = (t: tf.Tensor) =>
          tf.maxPool((what === 'of the images' ? t : tf.relu(t)) as tf.Tensor4D, 2, 2, 'valid');
        const [x, dy] = [tf.tensor4d(pixels, [1, 4, 4, 1]), tf.tensor4d([5, 6, 7, 8], [1, 2, 2, 1])];
        return [[...tf.grad(pooled)(x, dy).dataSync()]];
      }),
    );
    expect(onnx[0]).toEqual([0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 7, 0, 8]);
  });
});

describe('updates of parameters', () => {
  it.each([
    ['FusedAdam', ['expAvg', 'expAvgSq', 'maxExpAvgSq']],
    ['FusedSGD', ['momentumBuffer']],
    ['FusedRMSprop', ['squareAvg', 'gradAvg', 'momentumBuffer']],
    ['FusedAdagrad', ['sum']],
  ])('have the same bits in a graph, where a parameter is compiled in, as after it: %s', (kernelName, slots) => {
    const adam = { stepSize: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-8, biasCorrection2Sqrt: 0.4, shrink: 0.99 };
    const scalars = { ...adam, weightDecay: 0.1, lr: 0.1, momentum: 0.9, dampening: 0.1, nesterov: true, alpha: 0.99 };
    const others = ['grad', ...slots].map((role, i) => [role, tf.randomUniform([37], 0, 1, 'float32', i)] as const);
    tf.tidy(() => {
      const update = (param: tf.Tensor) =>
        tf.engine().runKernel(kernelName, { param, ...Object.fromEntries(others) }, scalars) as unknown as tf.Tensor[];
      const computed = (param: tf.Tensor): { waiting: number; values: number[][] } => {
        const results = update(param);
        const { end } = recorder.trace;
        const ids = results.map(({ dataId }) => (dataId as Value).id);
        const waiting = buildGraph(end.path(), ids, () => 0).after.length;
        return { waiting, values: results.map((t) => [...t.dataSync()]) };
      };
      const { recorder } = tf.backend() as OnnxBackend;
      // What is written while it is recorded, and all the same, is compiled in.
      recorder.flush();
      const known = tf.tensor1d(Array.from({ length: 37 }, () => 0.3));
      const inGraph = computed(known);
      // Another trace, in which it is an input.
      tf.neg(tf.tensor1d([1, 2]));
      const after = computed(known);
      expect([inGraph.waiting, after.waiting]).toEqual([0, 1]);
      expect(after.values).toEqual(inGraph.values);
    });
  });

  it('belong to who reads them', () => {
    const random = (seed: number) => tf.randomUniform([5], 0, 1, 'float32', seed);
    const inputs = { param: random(1), grad: random(2), sum: random(3) };
    const read = () => {
      const scalars = { stepSize: 1, eps: 1, weightDecay: 0 };
      const [updated] = tf.engine().runKernel('FusedAdagrad', inputs, scalars) as unknown as [tf.Tensor];
      return [updated, updated.dataSync()] as const;
    };
    const [first, values] = read();
    const copy = [...values];
    expect(values.buffer.byteLength).toBe(20);
    values.fill(0);
    expect([...first.dataSync()]).toEqual(copy);
  });

  it('are the same together as one by one, whatever their shapes', async () => {
    const shapes = [[3], [2, 4], [], [1], [64, 128], [100, 100], [5, 1, 2]];
    const scalars = {
      stepSize: 0.01,
      beta1: 0.9,
      beta2: 0.99,
      eps: 1e-8,
      biasCorrection2Sqrt: 0.4,
      weightDecay: 0.1,
      shrink: 0.99,
    };
    const tensors = shapes.map((shape, i) =>
      ['param', 'grad', 'expAvg', 'expAvgSq'].map((_, j) => {
        const t = tf.randomNormal(shape, 0, 1, 'float32', 10 * i + j);
        return j === 3 ? tf.abs(t) : t;
      }),
    );
    const update = ([param, grad, expAvg, expAvgSq]: tf.Tensor[]) =>
      tf.engine().runKernel('FusedAdam', { param, grad, expAvg, expAvgSq } as never, scalars) as unknown as tf.Tensor[];
    const alone = tensors.map((each) => update(each).map((t) => [...t.dataSync()]));
    const together = tensors.map(update).map((results) => results.map((t) => [...t.dataSync()]));
    expect(together).toEqual(alone);
    expect(update(tensors[2]!).map(({ shape }) => shape)).toEqual([[], [], []]);
  });
});

describe('what is computed together with a product or a convolution', () => {
  /** `last` of what `first` gives, once in one graph and once in two, because somebody looked in between. */
  function bothWays(first: () => tf.Tensor, last: (t: tf.Tensor) => tf.Tensor): [number[], number[]] {
    return tf.tidy(() => {
      const passing = first();
      const result = last(passing);
      // Nobody else wants it.
      passing.dispose();
      const together = result.dataSync();
      const looked = first();
      looked.dataSync();
      return [[...together], [...last(looked).dataSync()]];
    });
  }
  const small = fc.integer({ min: 1, max: 20 });
  const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

  it('has the bits of two operators: a row added to a product', () => {
    const sizes = fc.record({ m: small, k: fc.integer({ min: 1, max: 300 }), n: fc.integer({ min: 1, max: 90 }) });
    fc.assert(
      fc.property(sizes, fc.boolean(), fc.boolean(), fc.nat(), ({ m, k, n }, transposeA, transposeB, seed) => {
        const a = normal(transposeA ? [k, m] : [m, k], seed) as tf.Tensor2D;
        const b = normal(transposeB ? [n, k] : [k, n], seed + 1) as tf.Tensor2D;
        const row = normal([n], seed + 2);
        const [together, apart] = bothWays(
          () => tf.matMul(a, b, transposeA, transposeB),
          (t) => tf.add(t, row),
        );
        expect(together).toEqual(apart);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('has the bits of two operators: a product times a number', () => {
    const sizes = fc.record({ m: small, k: fc.integer({ min: 1, max: 300 }), n: small });
    const number = fc.double({ min: 0.01, max: 3, noNaN: true });
    fc.assert(
      fc.property(sizes, number, fc.boolean(), fc.boolean(), fc.nat(), ({ m, k, n }, times, flip, batched, seed) => {
        const lists = batched ? [3] : [];
        const a = normal([...lists, m, k], seed);
        const b = normal([...lists, ...(flip ? [n, k] : [k, n])], seed + 1);
        const [together, apart] = bothWays(
          () => tf.matMul(a, b, false, flip),
          (t) => tf.mul(t, times),
        );
        expect(together).toEqual(apart);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('has the bits of two operators: a bias added to a convolution', () => {
    // Also those that are computed in blocks of channels.
    const channels = fc.oneof(small, fc.constantFrom(16, 32, 48));
    const sizes = fc.record({
      side: fc.integer({ min: 3, max: 12 }),
      from: channels,
      to: channels,
      stride: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(sizes, fc.constantFrom('same', 'valid'), fc.nat(), ({ side, from, to, stride }, pad, seed) => {
        const x = normal([2, side, side, from], seed) as tf.Tensor4D;
        const filter = normal([3, 3, from, to], seed + 1) as tf.Tensor4D;
        const bias = normal([to], seed + 2);
        const [together, apart] = bothWays(
          () => tf.conv2d(x, filter, stride, pad),
          (t) => tf.add(t, bias),
        );
        expect(together).toEqual(apart);
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

describe('what is the same along an axis', () => {
  it('is computed once and has the bits of the long way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (rows, columns, seed) => {
        const x = tf.randomNormal([rows, 1], 0, 1, 'float32', seed);
        const y = tf.randomNormal([rows, columns], 0, 1, 'float32', seed + 1);
        const compute = (spread: tf.Tensor) => tf.mul(tf.div(tf.sub(spread, 1), tf.scalar(columns)), y);
        const [short, long] = tf.tidy(() => {
          const wide = tf.mul(x, tf.ones([rows, columns]));
          const spelled = tf.mul(x, tf.ones([rows, columns]));
          spelled.dataSync();
          return [[...compute(wide).dataSync()], [...compute(spelled).dataSync()]];
        });
        expect(short).toEqual(long);
      }),
      { numRuns: 60, seed: 4 },
    );
  });
});
