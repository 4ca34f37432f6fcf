import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfData from '@tensorflow/tfjs-data';
import { describe, expect, test } from 'vitest';
import {
  ArrayDataset,
  batchesOf,
  DataLoader,
  fromTfData,
  isSeekable,
  isTransient,
  sizeOf,
  transient,
  validateLoader,
  type Loader,
  type LoaderPosition,
} from '../../src/data/index.js';
import { DataError } from '../../src/errors.js';

async function take<B>(loader: Loader<B>, from: LoaderPosition = { epoch: 0 }): Promise<B[]> {
  const batches = batchesOf(loader, from);
  const all: B[] = [];
  for (let step = await batches.next(); !step.done; step = await batches.next()) all.push(step.value);
  return all;
}

function* generate() {
  yield 1;
  yield 2;
  yield 3;
}
async function* generateLater() {
  yield* generate();
}
const loader = new DataLoader(new ArrayDataset([1, 2, 3]), { collate: ([item]) => item });

describe('batchesOf', () => {
  test.each<[string, () => Loader]>([
    ['an array', () => [1, 2, 3]],
    ['a set', () => new Set([1, 2, 3])],
    ['a generator', generate],
    ['an asynchronous generator', generateLater],
    ['an object that makes generators', () => ({ [Symbol.iterator]: generate })],
    ['a DataLoader', () => loader],
    ['an iterable of batches marked transient', () => transient({ [Symbol.asyncIterator]: generateLater })],
  ])('walks %s, from any batch on', async (_name, make) => {
    expect(await take(make())).toEqual([1, 2, 3]);
    expect(await take(make(), { epoch: 0, batch: 2 })).toEqual([3]);
    expect(await take(make(), { epoch: 0, batch: 7 }).catch((error: unknown) => error)).toEqual([]);
  });

  test.each([generate(), transient(generate()), generateLater()])('refuses to walk a generator twice', async (once) => {
    await take<unknown>(once);
    await expect(async () => take<unknown>(once)).rejects.toThrow(DataError);
  });

  test('disposes the batches it drops where they were handed over, and only there', async () => {
    const pool = [tf.scalar(1), tf.scalar(2)];
    const before = tf.memory().numTensors;
    expect(await take(pool, { epoch: 0, batch: 1 })).toEqual([pool[1]]);
    expect(pool[0]!.isDisposed).toBe(false);
    const fresh = transient({
      *[Symbol.iterator]() {
        yield tf.scalar(1);
        yield tf.scalar(2);
      },
    });
    tf.dispose(await take(fresh, { epoch: 0, batch: 1 }));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(pool);
  });
});

test('sizeOf knows what has a length or a size', () => {
  const sizes = [[1, 2], new Set([1]), loader, { length: Infinity, *[Symbol.iterator]() {} }, generate()].map(sizeOf);
  expect(sizes).toEqual([2, 1, 3, undefined, undefined]);
});

test('only a loader that can begin anywhere is seekable', () => {
  expect([isSeekable<unknown>(loader), isSeekable([1]), isSeekable(generate())]).toEqual([true, false, false]);
});

test('a batch is handed over by a DataLoader, not by an array', () => {
  expect([isTransient(loader), isTransient([1]), isTransient(transient([1]))]).toEqual([true, false, true]);
  expect(sizeOf(transient([1, 2]))).toBe(2);
});

describe('validateLoader', () => {
  test.each<Loader>([[1], new Set([1]), generate(), generateLater(), loader])('accepts a loader', (value) => {
    expect(validateLoader(value, 'train')).toBe(value);
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /from train[^]*received: undefined/],
    ['a string', 'mnist', /received: "mnist"/],
    ['a generator function', generate, /call the function/],
    ['a promise', Promise.resolve([]), /await the promise/],
    ['a dataset', new ArrayDataset([1]), /new DataLoader\(dataset/],
    ['a tensor', tf.scalar(1), /TensorDataset/],
    ['a tf.data.Dataset', tfData.array([1]), /fromTfData/],
    ['an empty array', [], /no batch in train/],
    ['an empty dataset', new DataLoader(new ArrayDataset([])), /dataset is not empty/],
    [
      'too few for one batch',
      new DataLoader(new ArrayDataset([1]), { batchSize: 2, dropLast: true }),
      /dropLast: false/,
    ],
  ])('refuses %s', (_name, value, message) => {
    expect(() => validateLoader(value, 'train')).toThrow(DataError);
    expect(() => validateLoader(value, 'train')).toThrow(message);
  });
});

describe('fromTfData', () => {
  test('walks the dataset anew every time and hands its tensors over', async () => {
    const data = fromTfData<tf.TensorContainer>(tfData.array([1, 2, 3]).batch(2));
    const before = tf.memory().numTensors;
    for (let epoch = 0; epoch < 2; epoch++) {
      const batches = (await take(data)) as tf.Tensor[];
      expect(batches.map((batch) => [...batch.dataSync()])).toEqual([[1, 2], [3]]);
      tf.dispose(batches);
    }
    expect([sizeOf(data), isTransient(data), isSeekable(data)]).toEqual([2, true, false]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('has no size where the dataset has none', () => {
    expect(sizeOf(fromTfData(tfData.array([1]).repeat()))).toBeUndefined();
    expect(
      sizeOf(
        fromTfData(
          tfData.generator(function* () {
            yield 1;
          }),
        ),
      ),
    ).toBeUndefined();
  });

  test('refuses anything else', () => {
    expect(() => fromTfData([1, 2] as never)).toThrow(DataError);
    expect(() => fromTfData(undefined as never)).toThrow(DataError);
  });
});
