import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sameShape } from '../values.js';
import { allOf, binary, floats, isAll, numbers, passOn, zipElements } from './elementwise.js';
import { convolutionPlusBias } from './convolution.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';
import { productPlusRow, productTimesNumber } from './matmul.js';
import { poolingOfReluGradient } from './max-pool-gradient.js';

const bools = allOf('bool');

const arithmetic = (type: string, accepts = numbers) =>
  kernel(binary((g, a, b) => g.op(type, [a, b]), { accepts, exact: true }));

const comparison = (type: string) =>
  kernel(binary((g, a, b) => g.op(type, [a, b]), { accepts: numbers, exact: true, result: 'bool' }));

const logical = (type: string) =>
  kernel(binary((g, a, b) => g.op(type, [a, b]), { accepts: bools, exact: true, result: 'bool' }));

const addition: AnyKernel = kernel({
  ...binary((g, a, b) => g.op('Add', [a, b]), { accepts: numbers, exact: true }),
  lower(g, { inputs, outputs }) {
    const [a, b] = inputs as [Operand, Operand];
    const y = outputs[0] as Operand;
    if (convolutionPlusBias(g, a, b, y) || productPlusRow(g, a, b, y)) return;
    zipElements(g, a, b, y, (p, q) => g.op('Add', [p, q]));
  },
});

/** An operator with a number that changes nothing on its right (or, where it commutes, its left) side. */
function withNeutral(type: string, neutral: number, commutes: boolean, accepts = numbers): AnyKernel {
  return kernel({
    ...binary((g, a, b) => g.op(type, [a, b]), { accepts, exact: true }),
    lower(g, { inputs, outputs }) {
      const [a, b] = inputs as [Operand, Operand];
      const y = outputs[0] as Operand;
      if (isAll(b, neutral)) return passOn(g, a, y);
      if (commutes && isAll(a, neutral)) return passOn(g, b, y);
      if (type === 'Mul' && (reluGradient(g, a, b, y) || productTimesNumber(g, a, b, y))) return;
      zipElements(g, a, b, y, (p, q) => g.op(type, [p, q]));
    },
  });
}

/** tfjs writes ReLU's gradient as dy * step(x); choosing is cheaper than comparing, testing for NaN and multiplying. */
function reluGradient(g: Graph, a: Operand, b: Operand, y: Operand): boolean {
  if (!sameShape(a.shape, b.shape)) return false;
  const stepOf = (x: Operand) => {
    const call = g.callOf(x.id);
    const plain = call?.name === 'Step' && !(call.attrs as { alpha?: number }).alpha;
    return plain && g.uses.get(x.id) === 1 ? call.inputs[0] : undefined;
  };
  const source = stepOf(b) ?? stepOf(a);
  if (!source) return false;
  const dy = stepOf(b) ? a : b;
  if (poolingOfReluGradient(g, source, dy, y)) return true;
  zipElements(g, source, dy, y, (x, d) => g.op('Where', [g.op('Greater', [x, g.float(0)]), d, g.float(0)]));
  return true;
}

/** The remainder with the sign of the divisor, as tfjs's floored modulo has it. */
function flooredModulo(g: Graph, a: string, b: string): string {
  const remainder = g.op('Mod', [a, b], { fmod: 1 });
  const negative = (x: string) => g.op('Less', [x, g.float(0)]);
  const opposite = g.op('Xor', [negative(a), negative(b)]);
  const shifted = g.op('Mod', [g.op('Add', [remainder, b]), b], { fmod: 1 });
  return g.op('Where', [opposite, shifted, remainder]);
}

/** The angle of the point (b, a), with the signs of zeros and infinities that `Math.atan2` has. */
function atan2(g: Graph, a: string, b: string): string {
  // -0 is not below 0, but one over it is.
  const negative = (x: string) =>
    g.op('Less', [g.op('Where', [isZero(x), g.op('Div', [g.float(1), x]), x]), g.float(0)]);
  const isZero = (x: string) => g.op('Equal', [x, g.float(0)]);
  const both = (test: (x: string) => string) => g.op('And', [test(a), test(b)]);
  const infinite = (x: string) => g.op('IsInf', [x]);
  const ratio = g.op('Div', [g.op('Abs', [a]), g.op('Abs', [b])]);
  const sides = g.op('Where', [both(isZero), g.float(0), g.op('Where', [both(infinite), g.float(1), ratio])]);
  const acute = g.op('Atan', [sides]);
  const upper = g.op('Where', [negative(b), g.op('Sub', [g.float(Math.PI), acute]), acute]);
  return g.op('Where', [negative(a), g.op('Neg', [upper]), upper]);
}

export const binaryKernels: KernelTable = {
  Add: addition,
  Sub: withNeutral('Sub', 0, false),
  Multiply: withNeutral('Mul', 1, true),
  RealDiv: withNeutral('Div', 1, false, floats),
  // Whole numbers of type int32, as the cpu kernel gives them.
  FloorDiv: kernel(
    binary((g, a, b) => g.cast(g.op('Floor', [g.op('Div', [a, b])]), 'int32'), { exact: true, result: 'int32' }),
  ),
  Mod: kernel(binary(flooredModulo)),
  Pow: kernel(binary((g, a, b) => g.op('Pow', [a, b]))),
  Atan2: kernel(binary(atan2)),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  SquaredDifference: kernel(
    binary((g, a, b) => {
      const difference = g.op('Sub', [a, b]);
      return g.op('Mul', [difference, difference]);
    }),
  ),

  Equal: comparison('Equal'),
  NotEqual: kernel(
    binary((g, a, b) => g.op('Not', [g.op('Equal', [a, b])]), { accepts: numbers, exact: true, result: 'bool' }),
  ),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  BitwiseAnd: kernel(binary((g, a, b) => g.op('BitwiseAnd', [a, b]), { accepts: allOf('int32'), exact: true })),

  AddN: kernel({
    inputs: 'list',
    accepts: numbers,
    infer: (_attrs, [shape = []], [dtype = 'float32']) => [{ shape: [...shape], dtype }],
    lower(g, { inputs, outputs }) {
      const names = inputs.map((x) => g.natural(x));
      // One addition after the other, in the order the cpu backend has.
      g.set(
        outputs[0] as Operand,
        names.reduce((sum, x) => g.op('Add', [sum, x])),
      );
    },
  }),
  Select: kernel({
    inputs: ['condition', 't', 'e'],
    exact: true,
    accepts: ([condition, t, e]) => condition?.dtype === 'bool' && t?.dtype === e?.dtype && t?.dtype !== 'bool',
    infer: (_attrs, [, shape = []], [, dtype = 'float32']) => [{ shape: [...shape], dtype }],
    lower(g, { inputs, outputs }) {
      const [condition, t, e] = inputs as [Operand, Operand, Operand];
      const rows = condition.shape.length < t.shape.length;
      // A condition of rank 1 chooses whole rows.
      const spread = [...condition.shape, ...t.shape.slice(condition.shape.length).map(() => 1)];
      const chosen = rows ? g.reshape(g.natural(condition), condition.shape, spread) : g.natural(condition);
      g.set(outputs[0] as Operand, g.op('Where', [chosen, g.natural(t), g.natural(e)]));
    },
  }),
};
