import '@tensorflow/tfjs-backend-cpu';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ArrayDataset,
  DataLoader,
  randomSplit,
  TensorDataset,
  type BatchIterator,
  type Dataset,
  type Sampler,
} from '../../src/data/index.js';
import { ConfigurationError, ContractError, DataError } from '../../src/errors.js';

const original = Math.random;
let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  Math.random = original;
});
const leaked = () => tf.memory().numTensors - tensors;

const count = (n: number) => new ArrayDataset(Array.from({ length: n }, (_, i) => i));
const list = (items: number[]) => items;
/** A loader whose batches are plain lists of example numbers. */
const lists = (n: number, options: { [key: string]: unknown } = {}) =>
  new DataLoader(count(n), { ...options, collate: list });

async function drain<B>(batches: BatchIterator<B>): Promise<B[]> {
  const all: B[] = [];
  for (let step = await batches.next(); !step.done; step = await batches.next()) all.push(step.value);
  return all;
}

describe('the batches of an epoch', () => {
  test('have batchSize examples in order, the last one what is left', () => {
    expect([...lists(7, { batchSize: 3 })]).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect([...lists(7, { batchSize: 3, dropLast: true })]).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(lists(7, { batchSize: 3 }).length).toBe(3);
    expect(lists(7, { batchSize: 3, dropLast: true }).length).toBe(2);
    expect([...lists(2)]).toEqual([[0], [1]]);
  });

  test('contain every example once when shuffled, in another order every epoch', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 9 }), fc.nat(), (n, batchSize, seed) => {
        const loader = lists(n, { batchSize, shuffle: true, seed });
        const [first, second] = [[...loader].flat(), [...loader].flat()];
        expect([...first].sort((a, b) => a - b)).toEqual([...count(n).items]);
        if (n > 12) expect(second).not.toEqual(first);
      }),
    );
  });

  test('any batch of any epoch can be made without those before it', async () => {
    const make = () => lists(23, { batchSize: 4, shuffle: true, seed: 9 });
    const walked = make();
    const all = [[...walked], [...walked], [...walked]];
    expect([...make()]).toEqual(all[0]);
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(5), async (epoch, index) => {
        expect(make().batch(epoch, index)).toEqual(all[epoch]![index]);
        const sought = make();
        sought.seek(epoch, index);
        expect([...sought]).toEqual(all[epoch]!.slice(index));
        expect(await drain(make().batches({ epoch, batch: index }))).toEqual(all[epoch]!.slice(index));
      }),
    );
  });

  test('there is no batch past the last', () => {
    expect(() => lists(4).batch(0, 4)).toThrow(DataError);
    expect(() => lists(4).batch(0, -1)).toThrow(/from 0 to 3/);
    expect(() => lists(0).batch(0, 0)).toThrow(/empty/);
  });
});

describe('the place of the next loop', () => {
  test('is the next epoch, from its beginning, also after a loop that was left early', () => {
    const loader = lists(8, { shuffle: true, seed: 1 });
    for (const batch of loader) {
      expect(batch).toHaveLength(1);
      break;
    }
    expect([...loader]).toEqual(Array.from({ length: 8 }, (_, i) => loader.batch(1, i)));
  });

  test('is set by setEpoch and seek', () => {
    const loader = lists(8, { shuffle: true, seed: 1 });
    loader.setEpoch(5);
    const fifth = [...loader];
    loader.setEpoch(5);
    expect([...loader]).toEqual(fifth);
    loader.seek(5, 6);
    expect([...loader]).toEqual(fifth.slice(6));
    expect(() => loader.seek(-1)).toThrow(ConfigurationError);
    expect(() => loader.seek(0, 0.5)).toThrow(ConfigurationError);
  });

  test('is not moved by those who keep their own', async () => {
    const loader = lists(8, { shuffle: true, seed: 1 });
    await drain(loader.batches({ epoch: 3 }));
    loader.batch(2, 2);
    expect([...loader][0]).toEqual(loader.batch(0, 0));
  });
});

describe('the seed', () => {
  test('of the call decides the order, so that two trainers over one loader each get theirs', async () => {
    const loader = lists(30, { shuffle: true });
    const one = loader.batches({ epoch: 0, seed: 1 });
    const two = loader.batches({ epoch: 0, seed: 2 });
    const taken: unknown[][] = [[], []];
    for (let i = 0; i < 30; i++) {
      taken[0]!.push((await one.next()).value);
      taken[1]!.push((await two.next()).value);
    }
    expect(taken[0]).not.toEqual(taken[1]);
    expect(taken).toEqual([
      await drain(loader.batches({ epoch: 0, seed: 1 })),
      await drain(loader.batches({ epoch: 0, seed: 2 })),
    ]);
  });

  test('of the loader is not overridden', () => {
    const loader = lists(30, { shuffle: true, seed: 4, batchSize: 30 });
    expect(loader.batch(0, 0, 5)).toEqual(loader.batch(0, 0, 6));
    expect(loader.batch(0, 0)).not.toEqual(loader.with({ seed: 5 }).batch(0, 0));
  });

  test('is drawn once where nobody gives one', () => {
    const loader = lists(30, { shuffle: true, batchSize: 30 });
    expect(loader.batch(0, 0)).toEqual(loader.batch(0, 0));
    expect(loader.batch(0, 0)).not.toEqual(lists(30, { shuffle: true, batchSize: 30 }).batch(0, 0));
  });

  test('decides all chance in get and collate, and the caller’s own Math.random is not drawn from', () => {
    const noisy: Dataset<number> = { length: 4, get: () => Math.random() };
    const loader = new DataLoader(noisy, { batchSize: 2, collate: (items) => [...items, Math.random()] });
    Math.random = () => {
      throw new Error('drawn from');
    };
    const [first, second] = [loader.batch(0, 0, 1), loader.batch(0, 1, 1)];
    expect(loader.batch(0, 0, 1)).toEqual(first);
    expect(second).not.toEqual(first);
    expect(loader.batch(1, 0, 1)).not.toEqual(first);
    expect(loader.batch(0, 0, 2)).not.toEqual(first);
  });
});

describe('samplers', () => {
  test('decide the order', () => {
    const backwards: Sampler = { length: 3, order: () => [2, 1, 0] };
    expect([...lists(3, { sampler: backwards })]).toEqual([[2], [1], [0]]);
  });

  test.each<[string, number[]]>([
    ['too long', [0, 1, 2, 0]],
    ['too short', [0, 1]],
    ['out of range', [0, 1, 3]],
    ['fractional', [0, 1, 0.5]],
  ])('an order that is %s is refused', (_name, order) => {
    expect(() => lists(3, { sampler: { length: 3, order: () => order } }).batch(0, 0)).toThrow(ContractError);
  });
});

describe('the tensors of a batch', () => {
  test('of a TensorDataset are new, typed like the dataset, and the caller’s to dispose', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const y = tf.tensor1d([0, 1]);
    const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 2 });
    for (const [bx, by] of loader) {
      expect([bx.arraySync(), by.arraySync()]).toEqual([
        [
          [1, 2],
          [3, 4],
        ],
        [0, 1],
      ]);
      tf.dispose([bx, by]);
    }
    expect(x.isDisposed || y.isDisposed).toBe(false);
    tf.dispose([x, y]);
    expect(leaked()).toBe(0);
  });

  test('survive a subset, a shuffle and a gather of one', () => {
    const x = tf.range(0, 10, 1, 'int32');
    const [part] = randomSplit(new TensorDataset({ x }), [0.5, 0.5]);
    const loader = new DataLoader(part!, { batchSize: 2, shuffle: true, seed: 0 });
    const seen = [...loader].flatMap((batch) => {
      const values = [...batch.x.dataSync()];
      tf.dispose(batch);
      return values;
    });
    expect(new Set(seen).size).toBe(5);
    x.dispose();
    expect(leaked()).toBe(0);
  });

  test('are all that is left of what get and collate made', () => {
    const data: Dataset<tf.Tensor> = { length: 4, get: (i) => tf.add(tf.scalar(i), 1) };
    const batch = new DataLoader(data, { batchSize: 4, collate: (items) => ({ x: tf.mul(tf.stack(items), 2) }) }).batch(
      0,
      0,
    );
    expect(leaked()).toBe(1);
    expect(batch.x.arraySync()).toEqual([2, 4, 6, 8]);
    tf.dispose(batch);
  });

  test('are never the dataset’s own: disposing a batch harms nothing', () => {
    const stored = [tf.tensor1d([1]), tf.tensor1d([2])];
    const cache = new Map<number, tf.Tensor>();
    const caching: Dataset<tf.Tensor> = {
      length: 2,
      get: (i) => cache.get(i) ?? cache.set(i, tf.keep(tf.tensor1d([i + 10]))).get(i)!,
    };
    for (const dataset of [new ArrayDataset(stored), caching]) {
      const loader = new DataLoader<tf.Tensor, tf.Tensor[]>(dataset, { batchSize: 2, collate: (items) => items });
      for (let epoch = 0; epoch < 2; epoch++) for (const batch of loader) tf.dispose(batch);
      for (const batch of loader) {
        expect(batch.flatMap((tensor) => [...tensor.dataSync()])[0]).toBe(dataset === caching ? 10 : 1);
        tf.dispose(batch);
      }
    }
    tf.dispose([...stored, ...cache.values()]);
    expect(leaked()).toBe(0);
  });

  test('leave nothing behind when get throws', () => {
    const get = (i: number) => {
      const made = tf.tensor1d([i]);
      if (i === 2) throw new Error('no 2');
      return made;
    };
    const loader = new DataLoader<tf.Tensor>({ length: 4, get }, { batchSize: 4 });
    expect(() => loader.batch(0, 0)).toThrow('no 2');
    expect(leaked()).toBe(0);
  });

  test('leave nothing behind when collating fails', () => {
    const data: Dataset<tf.Tensor> = { length: 2, get: (i) => tf.zeros([i + 1]) };
    expect(() => new DataLoader(data, { batchSize: 2 }).batch(0, 0)).toThrow(DataError);
    expect(leaked()).toBe(0);
  });
});

describe('asynchronous datasets and collate functions', () => {
  const slow: Dataset<Promise<tf.Tensor>> = {
    length: 6,
    get: async (i) => {
      const early = tf.tensor1d([i]);
      await sleep(1);
      return early;
    },
  };

  test('are walked with for await, and leave nothing behind', async () => {
    const loader = new DataLoader(slow, { batchSize: 4 });
    const seen: number[][] = [];
    for await (const batch of loader) {
      seen.push([...batch.dataSync()]);
      batch.dispose();
    }
    expect(seen).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
    expect(leaked()).toBe(0);
  });

  test('leave nothing behind when an example fails', async () => {
    const failing: typeof slow = { length: 4, get: (i) => (i === 1 ? Promise.reject(new Error('no 1')) : slow.get(i)) };
    await expect(new DataLoader(failing, { batchSize: 4 }).batch(0, 0)).rejects.toThrow('no 1');
    expect(leaked()).toBe(0);
  });

  test('leave nothing behind when get throws at once while other examples are on their way', async () => {
    const late = async (i: number) => {
      const early = tf.tensor1d([i]);
      await sleep(i);
      const made = tf.add(early, 1);
      early.dispose();
      return made;
    };
    const get = (i: number) => {
      if (i === 3) throw new Error('no 3');
      return late(i);
    };
    const loader = new DataLoader<Promise<tf.Tensor>>({ length: 4, get }, { batchSize: 4 });
    await expect(loader.batches({ epoch: 0 }).next()).rejects.toThrow('no 3');
    expect(leaked()).toBe(0);
  });

  test('leave nothing behind when collating fails, nor what collating makes on the way', async () => {
    const get = async (i: number) => [tf.zeros([1]), tf.zeros([i + 1])];
    const unlike = new DataLoader<Promise<tf.Tensor[]>>({ length: 2, get }, { batchSize: 2 });
    await expect(unlike.batch(0, 0)).rejects.toThrow(DataError);
    expect(leaked()).toBe(0);
    const collate = (items: tf.Tensor[]) => tf.mul(tf.stack(items), 2);
    const [batch] = await drain(new DataLoader(slow, { batchSize: 4, dropLast: true, collate }).batches({ epoch: 0 }));
    expect(leaked()).toBe(1);
    expect(batch?.arraySync()).toEqual([[0], [2], [4], [6]]);
    batch?.dispose();
    expect(leaked()).toBe(0);
  });

  test('an asynchronous collate function is awaited', async () => {
    const loader = new DataLoader(count(3), { batchSize: 2, collate: async (items) => items.length });
    const sizes: number[] = [];
    for await (const size of loader) sizes.push(size);
    expect(sizes).toEqual([2, 1]);
  });

  describe('made ahead', () => {
    function watched(prefetch: number, failAt = Infinity) {
      const state = { made: 0, underWay: 0, most: 0 };
      const collate = async ([index]: number[]) => {
        state.made += 1;
        state.underWay += 1;
        state.most = Math.max(state.most, state.underWay);
        await sleep(index === 0 ? 5 : 1);
        state.underWay -= 1;
        if (index! >= failAt) throw new Error(`no ${index}`);
        return tf.scalar(index!);
      };
      return { state, loader: new DataLoader(count(6), { prefetch, collate }) };
    }

    test.each([0, 1, 3, 10])('prefetch: %i never has more under way than that and one, in order', async (prefetch) => {
      const { state, loader } = watched(prefetch);
      const seen: number[] = [];
      for await (const batch of loader) {
        seen.push(batch.dataSync()[0]!);
        expect(state.made).toBeLessThanOrEqual(seen.length + prefetch);
        batch.dispose();
      }
      expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
      expect(state.most).toBe(Math.min(prefetch + 1, 6));
      expect(leaked()).toBe(0);
    });

    test('an error comes where its batch was due', async () => {
      const { loader } = watched(5, 2);
      const seen: number[] = [];
      const walk = async () => {
        for await (const batch of loader) {
          seen.push(batch.dataSync()[0]!);
          batch.dispose();
          await sleep(10);
        }
      };
      await expect(walk()).rejects.toThrow('no 2');
      expect(seen).toEqual([0, 1]);
    });

    test('a loop that is left early leaves nothing behind', async () => {
      const { loader } = watched(4);
      for await (const batch of loader) {
        batch.dispose();
        break;
      }
      await sleep(20);
      expect(leaked()).toBe(0);
    });

    test('what is there at once is not made ahead', async () => {
      let made = 0;
      const loader = new DataLoader(count(6), { prefetch: 4, collate: () => (made += 1) });
      const batches = loader.batches({ epoch: 0 });
      await batches.next();
      expect(made).toBe(1);
    });
  });
});

describe('options', () => {
  test.each<[string, unknown, RegExp]>([
    ['batchSize', 0, /wrong value for batchSize[^]*from 1 up[^]*received: 0/],
    ['batchSize', 1.5, /batchSize/],
    ['batchSize', '32', /received: "32"/],
    ['shuffle', 'yes', /true or false/],
    ['dropLast', 1, /dropLast/],
    ['sampler', [1, 2], /order\(seed, epoch\)/],
    ['collate', 'stack', /function/],
    ['seed', -1, /seed/],
    ['prefetch', -1, /prefetch/],
    ['batch_size', 32, /no option batch_size[^]*batchSize, shuffle/],
    ['toString', 1, /toString/],
  ])('%s: %s is refused', (name, value, message) => {
    expect(() => new DataLoader(count(3), { [name]: value } as never)).toThrow(ConfigurationError);
    expect(() => new DataLoader(count(3), { [name]: value } as never)).toThrow(message);
  });

  test('a sampler and shuffle exclude each other', () => {
    const sampler = { length: 3, order: () => [0, 1, 2] };
    expect(() => lists(3, { sampler, shuffle: true })).toThrow(/both a sampler and shuffle/);
  });

  test('an array is not a dataset', () => {
    expect(() => new DataLoader([1, 2, 3] as never)).toThrow(/ArrayDataset/);
  });

  test('with() changes some and keeps the others', () => {
    const loader = lists(10, { batchSize: 2, shuffle: true, seed: 3 }).with({ batchSize: 5 });
    expect([loader.batchSize, loader.length, loader.shuffle, loader.seed]).toEqual([5, 2, true, 3]);
  });
});
