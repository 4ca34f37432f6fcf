import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OnnxBackend, registerOnnxBackend } from '../../../src/backend/onnx/index.js';
import { kernelTable } from '../../../src/backend/onnx/kernels/index.js';
import { Adagrad, Adam, Parameter, RMSprop, SGD } from '../../../src/index.js';
import { calls, updates } from './calls.js';
import type { Draw, Spec } from './draws.js';

/** The same draws in every run, so that what fails fails again; SEED=2 draws others. */
const seed = Number(process.env['SEED'] ?? 1);

let backend: OnnxBackend;

beforeAll(async () => {
  registerOnnxBackend({ threads: 2, maxSessions: 8 });
  await tf.setBackend('onnx');
  backend = tf.backend() as OnnxBackend;
  // Every call shall be compiled, however small.
  backend.recorder.smallWork = 'native';
  await tf.setBackend('cpu');
  // The optimizers' reference kernels are registered when they are first used.
  for (const make of [Adam, SGD, RMSprop, Adagrad]) {
    const parameter = new Parameter(tf.variable(tf.zeros([1])), 'w');
    parameter.grad = tf.zeros([1]);
    new make([parameter]).step();
  }
});

afterAll(async () => {
  await tf.setBackend('cpu');
});

interface Result {
  shape: number[];
  dtype: string;
  values: number[];
}

/** Runs a kernel on the current engine. */
function run(name: string, { inputs, attrs }: Draw): Result[] {
  return tf.tidy(() => {
    const make = ({ shape, dtype, values }: Spec) => tf.tensor(values, shape, dtype);
    const given = Array.isArray(inputs)
      ? inputs.map(make)
      : Object.fromEntries(Object.entries(inputs).map(([key, spec]) => [key, make(spec)]));
    const results = tf.engine().runKernel(name, given as unknown as tf.NamedTensorMap, attrs as tf.NamedAttrMap);
    return [results]
      .flat()
      .map((t: tf.Tensor) => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) }));
  });
}

const same = (a: number, b: number) => Object.is(a, b) || (a === 0 && b === 0);

/** The first element that differs by more than rounding, if any. Sums round in the size of what is summed, not of the result. */
function difference(actual: Result, expected: Result, exact: boolean): string | null {
  const scale = expected.values
    .filter(Number.isFinite)
    .reduce((largest, value) => Math.max(largest, Math.min(32, Math.abs(value))), 0);
  for (const [i, want] of expected.values.entries()) {
    const got = actual.values[i] as number;
    if (same(got, want)) continue;
    if (!exact && Math.abs(got - want) <= 1e-5 * (Math.abs(want) + scale)) continue;
    return `element ${i} is ${got}, not ${want}`;
  }
  return null;
}

describe('every kernel that is computed natively', () => {
  it('is drawn here', () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(kernelTable).sort());
  });

  it.each(Object.keys(calls))('%s computes what the cpu engine computes', { timeout: 60_000 }, async (name) => {
    const runsBefore = backend.recorder.stats.runs;
    // Updates are rounded once per operation natively, and once per result in JavaScript.
    const exact = kernelTable[name]?.exact === true && !(name in updates);
    await fc.assert(
      fc.asyncProperty(calls[name] as fc.Arbitrary<Draw>, async (draw) => {
        await tf.setBackend('cpu');
        const expected = run(name, draw);
        await tf.setBackend('onnx');
        const actual = run(name, draw);
        expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
          expected.map(({ shape, dtype }) => ({ shape, dtype })),
        );
        for (const [i, result] of actual.entries()) expect(difference(result, expected[i] as Result, exact)).toBeNull();
      }),
      { numRuns: 25, seed },
    );
    expect(backend.recorder.stats.runs).toBeGreaterThan(runsBefore);
  });
});
