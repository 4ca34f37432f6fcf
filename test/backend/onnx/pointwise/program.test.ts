import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arithmetic } from '../../../../src/backend/onnx/pointwise/arithmetic.js';
import { PointwiseProgram } from '../../../../src/backend/onnx/pointwise/program.js';

/** One operation of a drawn formula on what has been computed before, by position counted from the last. */
interface Step {
  op: 'number' | 'add' | 'sub' | 'mul' | 'div' | 'max' | 'sqrt';
  a: number;
  b: number;
}

const steps = fc.array(
  fc.record<Step>({
    op: fc.constantFrom('number', 'add', 'sub', 'mul', 'div', 'max', 'sqrt'),
    a: fc.nat(5),
    b: fc.nat(5),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The last two values that the steps come to. */
function formulaOf(drawn: readonly Step[]) {
  return <T>(f: Arithmetic<T>, inputs: readonly (T | undefined)[]): T[] => {
    const values = inputs.filter((x): x is T => x !== undefined);
    const at = (back: number) => values.at(-1 - (back % values.length)) as T;
    for (const { op, a, b } of drawn) {
      if (op === 'number') values.push(f.number(a % 4));
      else if (op === 'sqrt') values.push(f.sqrt(at(a)));
      else values.push(f[op](at(a), at(b)));
    }
    return [at(0), at(1)];
  };
}

/** Single precision, one operation after the other. */
const scalar = (numbers: Float32Array): Arithmetic<number> => ({
  number: (index) => numbers[index] as number,
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b),
  max: (a, b) => Math.max(a, b),
  sqrt: (a) => Math.fround(Math.sqrt(a)),
});

const float = fc.float({ noDefaultInfinity: false, noNaN: false });
/** Long arrays of few different values: what is drawn must be told apart, not large. */
const arraysOf = (count: number) =>
  fc
    .record({
      size: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(4095, 4096, 4097, 9000)),
      values: fc.array(float, { minLength: 7, maxLength: 13 }),
    })
    .map(({ size, values }) =>
      Array.from({ length: count }, (_, k) =>
        Float32Array.from({ length: size }, (_unused, i) => values[(i * (k + 1) + k) % values.length] as number),
      ),
    );

describe('a formula as WebAssembly', () => {
  it('has the bits of single precision, however its arrays are cut and wherever they are', () => {
    const all = fc.record({
      drawn: steps,
      numbers: fc.array(float, { minLength: 4, maxLength: 4 }).map((n) => Float32Array.from(n)),
      calls: fc.array(arraysOf(2), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(all, ({ drawn, numbers, calls }) => {
        const formula = formulaOf(drawn);
        const program = new PointwiseProgram(formula, [true, false, true], 2, 2 ** 18);
        const inSlab = (array: Float32Array) => {
          const own = program.slab.take(array.length) as Float32Array;
          own.set(array);
          return own;
        };
        const expected = calls.map((inputs) => {
          const results = inputs.map((array) => new Float32Array(array.length));
          for (let i = 0; i < (inputs[0]?.length ?? 0); i++)
            formula(scalar(numbers), [inputs[0]?.[i], undefined, inputs[1]?.[i]]).forEach(
              (y, k) => (results[k]![i] = y),
            );
          return results;
        });
        for (const place of [(array: Float32Array) => array, inSlab]) {
          const arrays = calls.map((inputs) => ({
            inputs: inputs.map(place),
            results: inputs.map((array) => place(new Float32Array(array.length))),
          }));
          program.run(numbers, arrays);
          arrays.forEach(({ results }, c) =>
            results.forEach((result, k) => {
              const wrong = result.findIndex((value, i) => !Object.is(value, expected[c]?.[k]?.[i]));
              expect(wrong, `call ${c}, result ${k}`).toBe(-1);
            }),
          );
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('computes what somebody wants of its results', () => {
    const program = new PointwiseProgram((f, [x]) => [f.add(x!, x!), f.mul(x!, x!)], [true], 2, 0);
    const result = new Float32Array(3);
    program.run(new Float32Array(0), [{ inputs: [Float32Array.of(1, 2, 3)], results: [null, result] }]);
    expect([...result]).toEqual([1, 4, 9]);
  });
});
