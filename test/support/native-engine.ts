import * as tf from '@tensorflow/tfjs-core';
import { startCpu } from '../../src/backend/cpu.js';
import { startNative } from '../../src/backend/native/start.js';

// Runs before each test file of `npm run test:native`. The cpu backend stays reachable: some kernels are borrowed from it.
await startCpu();
await startNative();
const engine = tf.engine();
const setBackend = Object.getPrototypeOf(engine).setBackend as typeof engine.setBackend;
engine.setBackend = (name) => setBackend.call(engine, name === 'cpu' ? 'tensorflow' : name);
