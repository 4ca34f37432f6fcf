import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OnnxBackend, registerOnnxBackend } from '../../../src/backend/onnx/index.js';
import { kernelTable } from '../../../src/backend/onnx/kernels/index.js';
import { Adagrad, Adam, Parameter, RMSprop, SGD } from '../../../src/index.js';
import { calls, updates } from './calls.js';
import type { Draw, Spec } from './draws.js';
import { loadFloat64 } from './float64.js';
import { allowed, sizes } from './rounding.js';

/** The same draws in every run, so that what fails fails again; SEED=2 draws others, RUNS=100 more. */
const seed = Number(process.env['SEED'] ?? 1);
const numRuns = Number(process.env['RUNS'] ?? 8);

let backend: OnnxBackend;
let float64: typeof tf;

beforeAll(async () => {
  registerOnnxBackend({ threads: 2, maxSessions: 8 });
  await tf.setBackend('onnx');
  backend = tf.backend() as OnnxBackend;
  // Every call shall be compiled, however small.
  backend.recorder.smallWork.mode = 'native';
  await tf.setBackend('cpu');
  // The optimizers' reference kernels are registered when they are first used.
  for (const make of [Adam, SGD, RMSprop, Adagrad]) {
    const parameter = new Parameter(tf.variable(tf.zeros([1])), 'w');
    parameter.grad = tf.zeros([1]);
    new make([parameter]).step();
  }
  float64 = await loadFloat64();
});

afterAll(async () => {
  await tf.setBackend('cpu');
});

type Result = {
  shape: number[];
  dtype: string;
  values: number[];
};

type Library = typeof tf;
type Inputs = tf.NamedTensorMap;

const result = (t: tf.Tensor): Result => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) });

function make(library: Library, { inputs }: Draw): { all: Inputs; floats: tf.Tensor[] } {
  const one = ({ shape, dtype, values }: Spec) => library.tensor(values, shape, dtype);
  const all = Array.isArray(inputs)
    ? (inputs.map(one) as unknown as Inputs)
    : Object.fromEntries(Object.entries(inputs).map(([key, spec]) => [key, one(spec)]));
  return { all, floats: Object.values(all).filter(({ dtype }) => dtype === 'float32') };
}

/** Runs a kernel on a library's current engine. */
function run(library: Library, name: string, draw: Draw): Result[] {
  return library.tidy(() => {
    const results = library.engine().runKernel(name, make(library, draw).all, draw.attrs as tf.NamedAttrMap);
    return [results].flat().map(result);
  });
}

/** The gradients of a kernel's first result, weighted with `dy`, with respect to its inputs of floats. */
function gradients(library: Library, name: string, draw: Draw, dy: Spec): Result[] {
  return library.tidy(() => {
    const { all, floats } = make(library, draw);
    const forward = () => [library.engine().runKernel(name, all, draw.attrs as tf.NamedAttrMap)].flat()[0] as tf.Tensor;
    const { grads } = library.engine().gradients(forward, floats, library.tensor(dy.values, dy.shape), true);
    return grads.filter((grad) => grad !== null).map(result);
  });
}

const same = (a: number, b: number) => Object.is(a, b) || (a === 0 && b === 0);

const layout = (results: Result[]) => results.map(({ shape, dtype }) => ({ shape, dtype }));

/** The first element that differs by more than rounding, if any. `extra` adds to what was summed. */
function difference(name: string, actual: Result[], exact: Result[], size: Result[], extra = 0): string | null {
  for (const [o, { values }] of actual.entries()) {
    for (const [i, got] of values.entries()) {
      const want = exact[o]?.values[i] as number;
      const bound = allowed(name, want, (size[o]?.values[i] as number) + extra);
      if (same(got, want) || same(got, Math.fround(want)) || Math.abs(got - want) <= bound) continue;
      return `element ${i} of result ${o} is ${got}, not ${want} (${bound} is allowed)`;
    }
  }
  return null;
}

/** tfjs's gradients of some calls cannot be computed at all; then no engine can. */
function attempt<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch {
    return null;
  }
}

/** Where another engine's gradient is known to differ (docs/engines.md); each has a test in `differences.test.ts`. */
const otherGradients = new Set(['Relu', 'Relu6', 'ResizeNearestNeighbor']);

describe('every kernel that is computed natively', () => {
  it('is drawn here', () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(kernelTable).sort());
  });

  it.each(Object.keys(calls))(
    '%s computes what it should, and so does its gradient',
    { timeout: 120_000 },
    async (name) => {
      const runsBefore = backend.recorder.stats.runs;
      // Updates are rounded once per operation natively, and once per result in JavaScript.
      const exact = kernelTable[name]?.exact === true && !(name in updates);
      await fc.assert(
        fc.asyncProperty(calls[name] as fc.Arbitrary<Draw>, fc.nat(100), async (draw, phase) => {
          await tf.setBackend('cpu');
          const onCpu = run(tf, name, draw);
          // The optimizers' reference kernels compute in double precision themselves.
          const reference = name in updates ? tf : float64;
          const size = exact ? onCpu : run(reference, name, sizes(name, draw));
          await tf.setBackend('onnx');
          const actual = run(tf, name, draw);
          expect(layout(actual)).toEqual(layout(onCpu));
          if (exact) {
            for (const [o, { values }] of actual.entries())
              expect(values.findIndex((value, i) => !same(value, onCpu[o]?.values[i] as number))).toBe(-1);
          } else {
            const computed = name in updates ? onCpu : run(float64, name, draw);
            expect(difference(name, actual, computed, size)).toBeNull();
          }

          if (!tf.getGradient(name) || otherGradients.has(name)) return;
          const { shape, values } = actual[0] as Result;
          const dy: Spec = {
            shape,
            dtype: 'float32',
            values: values.map((_, i) => Math.fround(2 * Math.sin(phase + 7 * i))),
          };
          const computed = attempt(() => gradients(float64, name, draw, dy));
          if (computed === null) return;
          const summed = gradients(float64, name, sizes(name, draw), { ...dy, values: dy.values.map(Math.abs) });
          // Some derivatives are differences from one, as tanh's 1 - y * y.
          expect(difference(name, gradients(tf, name, draw, dy), computed, summed, 2)).toBeNull();
        }),
        { numRuns, seed },
      );
      expect(backend.recorder.stats.runs).toBeGreaterThan(runsBefore);
    },
  );
});
