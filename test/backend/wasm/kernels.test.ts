import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients; tfjs-core alone has none.
import '@tensorflow/tfjs-layers';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../../src/backend/index.js';

beforeAll(async () => {
  await useBackend('wasm');
});

const runs = { numRuns: 60 };

/** Runs the same computation on the cpu and the wasm backend and compares every value, relative to the largest. */
async function expectSameAsCpu(compute: () => tf.Tensor[], tolerance = 1e-5): Promise<void> {
  const results: { shape: number[]; dtype: string; values: Float64Array }[][] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const before = tf.memory();
    const outputs = tf.tidy(compute);
    results.push(
      outputs.map((t) => ({ shape: t.shape, dtype: t.dtype, values: Float64Array.from(t.dataSync<'float32'>()) })),
    );
    tf.dispose(outputs);
    const after = tf.memory();
    expect(after.numTensors).toBe(before.numTensors);
    expect(after.numDataBuffers).toBe(before.numDataBuffers);
  }
  const [cpu, wasm] = results as [(typeof results)[0], (typeof results)[0]];
  expect(wasm.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(cpu.map(({ shape, dtype }) => ({ shape, dtype })));
  cpu.forEach(({ values }, index) => {
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const worst = values.reduce((largest, value, i) => Math.max(largest, Math.abs(value - wasm[index]!.values[i]!)), 0);
    expect(worst / scale, `output ${index}`).toBeLessThan(tolerance);
  });
}

/** Values that are the same on every backend: a seeded stream, made on the host. */
function normal(shape: number[], seed: number): tf.Tensor {
  let state = seed;
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return tf.tensor(values, shape, 'float32');
}

const side = fc.integer({ min: 1, max: 9 });
const small = fc.integer({ min: 1, max: 4 });
const stride = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));

/**
 * A convolution that has at least one output pixel. (Where the padding is a number, tfjs takes the output's width from
 * the kernel's height and the vertical stride, so there both are square.)
 */
const convolution = fc
  .record({
    batch: small,
    height: side,
    width: side,
    channels: small,
    filters: small,
    kernel: fc.tuple(small, small),
    stride,
    pad: fc.oneof(fc.constantFrom('same' as const, 'valid' as const), fc.integer({ min: 0, max: 3 }), margins()),
  })
  .map((given) => {
    if (typeof given.pad !== 'number') return given;
    const [size] = given.kernel;
    const [step] = given.stride;
    return { ...given, kernel: [size, size] as [number, number], stride: [step, step] as [number, number] };
  })
  .filter(({ height, width, kernel: [kh, kw], pad }) => {
    if (pad === 'same') return true;
    const [[top, bottom], [left, right]] = sides(pad);
    return height + top + bottom >= kh && width + left + right >= kw;
  });

/** A pooling none of whose windows lies in the padding alone. */
const pooling = convolution.filter(({ height, width, kernel: [kh, kw], pad }) => {
  if (pad === 'same') return true;
  const [[top, bottom], [left, right]] = sides(pad);
  return Math.max(top, bottom) < Math.min(kh, height + 1) && Math.max(left, right) < Math.min(kw, width + 1);
});

function sides(pad: 'valid' | number | tf.backend_util.ExplicitPadding): [[number, number], [number, number]] {
  if (pad === 'valid') return sides(0);
  return typeof pad === 'number'
    ? [
        [pad, pad],
        [pad, pad],
      ]
    : [pad[1], pad[2]];
}

function margins() {
  const margin = fc.integer({ min: 0, max: 3 });
  return fc.tuple(margin, margin, margin, margin).map(([a, b, c, d]): tf.backend_util.ExplicitPadding => [
    [0, 0],
    [a, b],
    [c, d],
    [0, 0],
  ]);
}

describe('the wasm engine gives the same values as the cpu backend, and leaves nothing behind,', () => {
  it('for the gradients of a convolution, whatever its stride and padding', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, height, width, channels, filters, kernel, stride, pad }) => {
        await expectSameAsCpu(() => {
          const x = normal([batch, height, width, channels], 1) as tf.Tensor4D;
          const filter = normal([...kernel, channels, filters], 2) as tf.Tensor4D;
          const { value, grads } = tf.valueAndGrads((x: tf.Tensor, filter: tf.Tensor) =>
            tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad))),
          )([x, filter]);
          return [value, ...grads];
        });
      }),
      runs,
    );
  });

  it('for a transposed convolution and its gradients', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, height, width, channels, filters, kernel, stride, pad }) => {
        await expectSameAsCpu(() => {
          const inputShape: [number, number, number, number] = [batch, height, width, channels];
          const info = tf.backend_util.computeConv2DInfo(inputShape, [...kernel, channels, filters], stride, 1, pad);
          const dy = normal(info.outShape, 1);
          const filter = normal([...kernel, channels, filters], 2);
          const { value, grads } = tf.valueAndGrads((dy: tf.Tensor, filter: tf.Tensor) =>
            tf.sum(tf.square(tf.conv2dTranspose(dy as tf.Tensor4D, filter as tf.Tensor4D, inputShape, stride, pad))),
          )([dy, filter]);
          return [value, ...grads];
        });
      }),
      runs,
    );
  });

  it('for the gradients of a depthwise convolution, whatever its stride, padding and multiplier', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, height, width, channels, filters, kernel, stride: [s], pad }) => {
        await expectSameAsCpu(() => {
          const x = normal([batch, height, width, channels], 1);
          const filter = normal([...kernel, channels, filters], 2);
          const { value, grads } = tf.valueAndGrads((x: tf.Tensor, filter: tf.Tensor) =>
            tf.sum(tf.square(tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, s, pad))),
          )([x, filter]);
          return [value, ...grads];
        });
      }),
      runs,
    );
  });

  it('for the gradients of a dilated depthwise convolution, which the cpu backend has not, by <conv(x), dy> = <x, dx>', async () => {
    await tf.setBackend('wasm');
    fc.assert(
      fc.property(convolution, fc.integer({ min: 2, max: 3 }), (given, dilation) => {
        const { batch, height, width, channels, filters, kernel } = given;
        tf.tidy(() => {
          const x = normal([batch, height, width, channels], 1) as tf.Tensor4D;
          const filter = normal([...kernel, channels, filters], 2) as tf.Tensor4D;
          const y = tf.depthwiseConv2d(x, filter, 1, 'same', 'NHWC', dilation);
          const dy = normal(y.shape, 3);
          const attributes = { strides: 1, dilations: dilation, pad: 'same' };
          const dx = tf
            .engine()
            .runKernel<tf.Tensor>(
              tf.DepthwiseConv2dNativeBackpropInput,
              { dy, filter },
              { ...attributes, inputShape: x.shape },
            );
          const dFilter = tf
            .engine()
            .runKernel<tf.Tensor>(
              tf.DepthwiseConv2dNativeBackpropFilter,
              { x, dy },
              { ...attributes, filterShape: filter.shape },
            );
          const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
          const expected = dot(y, dy);
          const digits = 3 - Math.ceil(Math.log10(1 + Math.abs(expected)));
          expect(dot(x, dx)).toBeCloseTo(expected, digits);
          expect(dot(filter, dFilter)).toBeCloseTo(expected, digits);
        });
      }),
      runs,
    );
  });

  it('for max and average pooling and their gradients, ties included', async () => {
    await fc.assert(
      fc.asyncProperty(pooling, fc.boolean(), async ({ batch, height, width, channels, kernel, stride, pad }, ties) => {
        await expectSameAsCpu(() => {
          const values = normal([batch, height, width, channels], 1);
          const x = (ties ? tf.round(values) : values) as tf.Tensor4D;
          const pools = [tf.maxPool<tf.Tensor4D>, tf.avgPool<tf.Tensor4D>];
          return pools.flatMap((pool) => {
            const { value, grad } = tf.valueAndGrad((x: tf.Tensor4D) =>
              tf.sum(tf.square(tf.add(pool(x, kernel, stride, pad), 1))),
            )(x);
            return [value, grad];
          });
        });
      }),
      runs,
    );
  });

  it('for matrix products with transposed operands, single or in batches, and their gradients', async () => {
    const batches = fc.constantFrom<number[]>([], [1], [3], [2, 2], [1, 1]);
    await fc.assert(
      fc.asyncProperty(batches, side, side, side, fc.boolean(), fc.boolean(), async (batch, m, k, n, ta, tb) => {
        await expectSameAsCpu(() => {
          const a = normal([...batch, ...(ta ? [k, m] : [m, k])], 1);
          const b = normal([...batch, ...(tb ? [n, k] : [k, n])], 2);
          const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) =>
            tf.sum(tf.square(tf.matMul(a, b, ta, tb))),
          )([a, b]);
          return [tf.matMul(a, b, ta, tb), value, ...grads];
        });
      }),
      runs,
    );
  });

  it('for sums over segments, with ids outside the range and of any rank', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 12 }),
        fc.array(small, { maxLength: 2 }),
        fc.integer({ min: 1, max: 5 }),
        async (ids, row, segments) => {
          await expectSameAsCpu(() => [
            tf.unsortedSegmentSum(normal([ids.length, ...row], 1), tf.tensor1d(ids, 'int32'), segments),
          ]);
        },
      ),
      runs,
    );
  });

  it('for a gather and its gradient, as an embedding makes them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(6), { minLength: 3, maxLength: 3 }), { minLength: 1 }), async (ids) => {
        await expectSameAsCpu(() => {
          const { value, grad } = tf.valueAndGrad((table: tf.Tensor) =>
            tf.sum(tf.square(tf.gather(table, tf.tensor2d(ids, undefined, 'int32')))),
          )(normal([7, 4], 1));
          return [value, grad];
        });
      }),
      runs,
    );
  });

  it('for batch normalisation and local response normalisation and their gradients', async () => {
    await fc.assert(
      fc.asyncProperty(small, side, side, small, async (batch, height, width, channels) => {
        await expectSameAsCpu(() => {
          const x = normal([batch, height, width, channels], 1) as tf.Tensor4D;
          const scale = normal([channels], 2);
          const offset = normal([channels], 3);
          const { value, grads } = tf.valueAndGrads((x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => {
            const { mean, variance } = tf.moments(x, [0, 1, 2]);
            const normalized = tf.batchNorm(x, mean, variance, offset, scale, 0.1);
            return tf.sum(tf.square(tf.add(normalized, tf.localResponseNormalization(x as tf.Tensor4D, 2))));
          })([x, scale, offset]);
          return [value, ...grads];
        }, 1e-4);
      }),
      runs,
    );
  });
});

describe('kernels borrowed from the cpu backend', () => {
  it("give the cpu backend's values for one and several inputs", async () => {
    await expectSameAsCpu(() => [
      tf.einsum('ij,jk->ik', normal([3, 4], 1), normal([4, 2], 2)),
      tf.einsum('ij->ji', normal([3, 4], 1)),
      tf.einsum('i->i', normal([3], 1)),
    ]);
  });

  it('take and return strings', async () => {
    await tf.setBackend('wasm');
    const result = tf.tidy(() => tf.string.staticRegexReplace(tf.tensor1d(['stop', 'go']), 'o', '0').dataSync());
    expect(result).toEqual(['st0p', 'g0']);
  });

  it('leave nothing on the cpu backend', async () => {
    await tf.setBackend('wasm');
    const onCpu = tf.findBackend('cpu').numDataIds();
    const tensors = tf.memory().numTensors;
    tf.tidy(() => tf.einsum('ij,jk->ik', normal([3, 4], 1), normal([4, 2], 2)).dataSync());
    expect(tf.findBackend('cpu').numDataIds()).toBe(onCpu);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('the wasm engine', () => {
  it('has every kernel of the cpu backend, except those for complex numbers and drawing', () => {
    const names = (backend: string) => tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName);
    const onWasm = new Set(names('wasm'));
    const missing = names('cpu').filter((name) => !onWasm.has(name));
    expect(missing.toSorted()).toEqual(['Complex', 'ComplexAbs', 'Draw', 'FFT', 'IFFT', 'Imag', 'Real']);
  });
});
