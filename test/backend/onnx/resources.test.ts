import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Adam, parameter } from 'strobe';
import { type OnnxBackend, registerOnnxBackend } from '../../../src/backend/onnx/index.js';

const MAX_SESSIONS = 8;
const THREADS = 3;

beforeAll(async () => {
  registerOnnxBackend({ threads: THREADS, maxSessions: MAX_SESSIONS });
  await tf.setBackend('onnx');
  recorder().smallWork.mode = 'native';
});

const recorder = () => (tf.backend() as unknown as OnnxBackend).recorder;
const product = (rows: number) =>
  tf.tidy(() => tf.sum(tf.matMul(tf.ones([rows, 64]), tf.ones([64, 64]))).dataSync()[0]);

describe('what the onnx engine holds on to', () => {
  it('is a bounded number of graphs, however many different ones a program computes, and nothing else', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    for (let n = 1; n <= 200; n++) expect(product(n)).toBe(n * 64 * 64);
    const { sessions, stats, pool } = recorder();
    expect(stats.compiled).toBe(200);
    expect(sessions.size).toBe(MAX_SESSIONS);
    expect(pool.bytes).toBeLessThanOrEqual(pool.maxBytes);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('is no memory for updates once the graphs that compute them are gone, and their results', async () => {
    const mebibytes = () => process.memoryUsage().external / 2 ** 20;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = mebibytes();
    const weights = parameter(tf.ones([1000, 1000]));
    const optimizer = new Adam([weights], {});
    for (let i = 0; i < 3; i++) {
      weights.grad = tf.mul(weights.variable, 2);
      optimizer.step();
      weights.variable.dataSync();
    }
    expect(mebibytes() - before).toBeGreaterThan(30);
    weights.grad = null;
    optimizer.dispose();
    weights.variable.dispose();
    recorder().sessions.clear();
    recorder().pool.clear();
    // A program is held until the turn ends in which it was looked up.
    for (let i = 0; i < 2; i++) {
      await setTimeout(1);
      collect();
    }
    expect(mebibytes() - before).toBeLessThan(10);
  });

  // Elsewhere the system does not list a process's threads.
  it.runIf(process.platform === 'linux')(
    'is no thread for tiny graphs, and those of the graphs it keeps for others',
    () => {
      const threads = () => readdirSync('/proc/self/task').length;
      recorder().sessions.clear();
      // What the native library starts once per process is there after the first graph.
      product(1);
      const before = threads();
      for (let n = 1; n <= 7; n++) product(n);
      expect(threads()).toBe(before);
      for (let n = 500; n < 500 + 3 * MAX_SESSIONS; n++) product(n);
      // The thread that calls is one of them.
      expect(threads()).toBe(before + MAX_SESSIONS * (THREADS - 1));
      recorder().sessions.clear();
      expect(threads()).toBe(before);
    },
  );

  it.each(['sleep', 'spin'])('is no processor while the program waits, if threads %s within a step', async (how) => {
    if (how === 'spin') {
      registerOnnxBackend({ name: 'spinning', threads: THREADS, spinning: true });
      await tf.setBackend('spinning');
    }
    for (let n = 0; n < 20; n++) product(2000);
    const before = process.cpuUsage();
    await setTimeout(500);
    const { user, system } = process.cpuUsage(before);
    // One thread that spins would take half a second.
    expect((user + system) / 1e6).toBeLessThan(0.1);
  });
});
