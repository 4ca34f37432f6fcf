import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { type EngineChoice, listEngines, useBackend } from '../../src/backend/index.js';
import { defaultThreads } from '../../src/backend/onnx/options.js';
import { ConfigurationError } from '../../src/errors.js';

describe('useBackend', () => {
  it('takes the fastest engine that works, and says so', async () => {
    expect(await useBackend('auto')).toEqual({
      name: 'onnx',
      reason: 'the fastest that works here',
      skipped: [{ name: 'gpu', why: expect.any(String) }],
      threads: defaultThreads(),
    });
    expect(tf.getBackend()).toBe('onnx');
  });

  it('takes an engine by name', async () => {
    expect(await useBackend('cpu')).toMatchObject({ name: 'cpu', reason: 'asked for by name' });
    expect(tf.getBackend()).toBe('cpu');
    expect(await useBackend('wasm')).toMatchObject({ name: 'wasm' });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('can be called again, also at the same time', async () => {
    const reports = await Promise.all([useBackend('wasm'), useBackend('auto'), useBackend('wasm')]);
    expect(reports.map(({ name }) => name)).toEqual(['wasm', 'onnx', 'wasm']);
    expect(await useBackend('auto')).toEqual(await useBackend('auto'));
  });

  it.each(['webgl'])('names the engines there are when asked for %s', async (choice) => {
    const error = await useBackend(choice as EngineChoice).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`expected: 'auto' or one of 'gpu', 'onnx', 'native', 'wasm', 'cpu'`);
    expect(String(error)).toContain(`received: "${choice}"`);
  });

  it('installs no handlers for uncaught errors', async () => {
    const counts = () => [process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection')];
    await useBackend('cpu');
    const before = counts();
    await useBackend('wasm');
    expect(counts()).toEqual(before);
    const handlers = [...process.rawListeners('uncaughtException'), ...process.rawListeners('unhandledRejection')];
    expect(handlers.filter((handler) => /ExitStatus|throw reason/.test(String(handler)))).toEqual([]);
  });
});

describe("a backend that is none of Strobe's", () => {
  afterEach(async () => {
    await tf.setBackend('cpu');
    tf.removeBackend('foreign');
  });

  it('is kept by auto, and left when an engine is asked for by name', async () => {
    await tf.setBackend('cpu');
    const foreign = Object.create(tf.findBackend('cpu')) as tf.KernelBackend;
    foreign.dispose = () => undefined;
    tf.registerBackend('foreign', () => foreign);
    await tf.setBackend('foreign');

    expect(await useBackend('auto')).toEqual({
      name: 'foreign',
      reason: 'it was set already',
      skipped: [],
      threads: null,
    });
    expect(tf.getBackend()).toBe('foreign');
    expect((await useBackend('wasm')).name).toBe('wasm');
  });
});

describe('listEngines', () => {
  it('says for each engine whether it works here and which one is used, and starts none', async () => {
    await useBackend('cpu');
    expect((await listEngines()).filter(({ name }) => name !== 'gpu' && name !== 'native')).toEqual([
      { name: 'onnx', available: true, why: null, active: false },
      { name: 'wasm', available: true, why: null, active: false },
      { name: 'cpu', available: true, why: null, active: true },
    ]);
    expect(tf.getBackend()).toBe('cpu');
  });
});

describe('what exists before the engine is chosen', () => {
  it.each(['wasm', 'onnx'] as const)(
    'keeps its values on %s, of every dtype, and counts no tensor twice',
    async (engine) => {
      await useBackend('cpu');
      const tensors = [tf.tensor1d([1.5, -2]), tf.tensor1d([3, -4], 'int32'), tf.tensor1d([true, false], 'bool')];
      const strings = tf.tensor1d(['a', 'bc']);
      const before = tf.memory();
      await useBackend(engine);
      const sums = tensors.map((t) => tf.tidy(() => [...tf.add(tf.cast(t, 'float32'), 1).dataSync()]));
      expect(sums).toEqual([
        [2.5, -1],
        [4, -3],
        [2, 1],
      ]);
      expect([...strings.dataSync()]).toEqual(['a', 'bc']);
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
      tf.dispose([tensors, strings]);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers - 4);
    },
  );

  it('trains: a model and an optimizer made on cpu go on where they were, there and back', async () => {
    const train = async (engines: readonly EngineChoice[]) => {
      await useBackend('cpu');
      const model = layers.sequential({
        layers: [
          layers.layers.dense({
            units: 8,
            inputShape: [4],
            activation: 'tanh',
            kernelInitializer: layers.initializers.glorotUniform({ seed: 1 }),
          }),
          layers.layers.dense({ units: 1, kernelInitializer: layers.initializers.glorotUniform({ seed: 2 }) }),
        ],
      });
      const optimizer = tf.train.adam(0.01);
      const x = tf.randomNormal([16, 4], 0, 1, 'float32', 3);
      const y = tf.sum(x, 1, true);
      const losses: number[] = [];
      for (const engine of engines) {
        await useBackend(engine);
        for (let i = 0; i < 5; i++) {
          const loss = optimizer.minimize(() => tf.losses.meanSquaredError(y, model.apply(x) as tf.Tensor), true)!;
          losses.push(loss.dataSync()[0]!);
          loss.dispose();
        }
      }
      model.dispose();
      optimizer.dispose();
      tf.dispose([x, y]);
      return losses;
    };
    const onCpu = await train(['cpu', 'cpu', 'cpu']);
    const before = tf.memory();
    for (const engine of ['wasm', 'onnx'] as const) {
      const moved = await train(['cpu', engine, 'cpu']);
      const after = tf.memory();
      expect(after.numTensors).toBe(before.numTensors);
      expect(after.numDataBuffers).toBe(before.numDataBuffers);
      moved.forEach((loss, i) => expect(loss).toBeCloseTo(onCpu[i]!, 4));
      expect(moved.at(-1)!).toBeLessThan(moved[0]!);
    }
  });
});
