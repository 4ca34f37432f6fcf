import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backend/index.js';
import { ContractError } from '../../src/errors.js';
import { allocate, hasHostMemory, view } from '../../src/tensors/host.js';
import { share } from '../../src/tensors/share.js';

const shapes = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), { maxLength: 5 });

describe.each(['cpu', 'wasm'] as const)('on the %s engine', (engine) => {
  beforeAll(async () => {
    await useBackend(engine);
  });

  it('allocates tensors of any shapes, whose written values are theirs', () => {
    fc.assert(
      fc.property(shapes, (shapes) => {
        const before = tf.memory();
        tf.tidy(() => {
          const tensors = allocate(shapes);
          tensors.forEach((t, i) => view(t).forEach((_, at, values) => (values[at] = i * 1000 + at)));
          expect(tensors.map((t) => t.shape)).toEqual(shapes);
          tensors.forEach((t, i) => {
            const expected = Array.from({ length: t.size }, (_, at) => i * 1000 + at + 1);
            expect([...tf.add(t, 1).dataSync()]).toEqual(expected);
          });
        });
        expect(tf.memory().numTensors).toBe(before.numTensors);
        expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
      }),
    );
  });

  it('views the memory itself, not a copy', () => {
    const [t] = allocate([[3]]) as [tf.Tensor];
    view(t).set([1, 2, 3]);
    expect([...view(t)]).toEqual([1, 2, 3]);
    expect([...view(share(t))]).toEqual([1, 2, 3]);
    const reshaped = tf.reshape(t, [3, 1]);
    view(t)[1] = 7;
    expect([...reshaped.dataSync()]).toEqual([1, 7, 3]);
    tf.dispose([t, reshaped]);
  });

  it('views what operations made', () => {
    tf.tidy(() => {
      expect([...view(tf.add(tf.tensor1d([1, 2]), 1))]).toEqual([2, 3]);
      expect([...view(tf.variable(tf.tensor1d([4])))]).toEqual([4]);
    });
  });

  it('sees all tensors when the views are taken after the last allocation, even if the heap has grown', () => {
    tf.tidy(() => {
      const small = tf.tensor1d([1, 2, 3]);
      const big = allocate([[8_000_000], [8_000_000]]);
      for (const t of big) view(t).fill(5);
      expect([...view(small)]).toEqual([1, 2, 3]);
      expect(tf.sum(tf.slice(big[1]!, 0, 10)).dataSync()[0]).toBe(50);
    });
  });

  it('are disposed by the tf.tidy they were made in', () => {
    const before = tf.memory();
    tf.tidy(() => {
      allocate([[2], [3]]);
    });
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  it('refuses to view anything but float32', () => {
    tf.tidy(() => {
      expect(() => view(tf.tensor1d([1], 'int32'))).toThrow(ContractError);
    });
  });

  it('says that there is host memory', () => {
    expect(hasHostMemory()).toBe(true);
  });
});

describe('across engines', () => {
  it('a tensor is viewed where it is, without moving it', async () => {
    await useBackend('cpu');
    const [onCpu] = allocate([[2]]) as [tf.Tensor];
    view(onCpu).set([1, 2]);
    await useBackend('wasm');
    const [onWasm] = allocate([[2]]) as [tf.Tensor];
    view(onWasm).set([3, 4]);
    const before = tf.findBackend('cpu').numDataIds();
    expect([...view(onCpu)]).toEqual([1, 2]);
    expect(tf.findBackend('cpu').numDataIds()).toBe(before);
    await useBackend('cpu');
    expect([...view(onWasm)]).toEqual([3, 4]);
    tf.dispose([onCpu, onWasm]);
  });
});

describe('on an engine that keeps its tensors to itself', () => {
  beforeAll(async () => {
    await useBackend('cpu');
    const remote = Object.create(tf.findBackend('cpu')) as tf.KernelBackend;
    remote.dispose = () => undefined;
    tf.registerBackend('remote', () => remote);
    await tf.setBackend('remote');
  });

  afterAll(async () => {
    await tf.setBackend('cpu');
    tf.removeBackend('remote');
  });

  it('nothing can be allocated, and the error says what to do', () => {
    expect(hasHostMemory()).toBe(false);
    expect(() => allocate([[1]])).toThrow(/hasHostMemory/);
  });
});
