import type * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { elementType } from '../graph/proto.js';
import { isNumeric, type NumericType } from '../values.js';
import { floats, mapElements, numbers, unary, zipElements } from './elementwise.js';
import { kernel, type KernelTable } from './kernel.js';

const simple = (type: string, options: Parameters<typeof unary>[1] = {}) =>
  kernel(unary((g, x) => g.op(type, [x]), options));

const exact = { exact: true };

/** 0 for NaN, as tfjs has it. */
function sign(g: Graph, x: string): string {
  const negative = g.op('Where', [g.op('Less', [x, g.float(0)]), g.float(-1), g.float(0)]);
  return g.op('Where', [g.op('Greater', [x, g.float(0)]), g.float(1), negative]);
}

/** As JavaScript has it: 1 / (1 + e^-x). The native operator cuts off at |x| = 18. */
const sigmoid = (g: Graph, x: string) =>
  g.op('Div', [g.float(1), g.op('Add', [g.float(1), g.op('Exp', [g.op('Neg', [x])])])]);

/** e^x - 1 without cancellation near 0 (Kahan): (u - 1) x / ln u with u = e^x. */
function expm1(g: Graph, x: string): string {
  const u = g.op('Exp', [x]);
  const less = g.op('Sub', [u, g.float(1)]);
  const quotient = g.op('Mul', [less, g.op('Div', [x, g.op('Log', [u])])]);
  const tiny = g.op('Equal', [u, g.float(1)]);
  // Far out, u is 0 or infinite and the quotient is meaningless.
  const far = g.op('Greater', [g.op('Abs', [x]), g.float(1)]);
  return g.op('Where', [tiny, x, g.op('Where', [far, less, quotient])]);
}

/** ln(1 + x) without cancellation near 0: x ln(u) / (u - 1) with u = 1 + x. */
function log1p(g: Graph, x: string): string {
  const u = g.op('Add', [x, g.float(1)]);
  const log = g.op('Log', [u]);
  const quotient = g.op('Mul', [log, g.op('Div', [x, g.op('Sub', [u, g.float(1)])])]);
  const tiny = g.op('Equal', [u, g.float(1)]);
  const far = g.op('Greater', [g.op('Abs', [x]), g.float(1)]);
  return g.op('Where', [tiny, x, g.op('Where', [far, log, quotient])]);
}

/** 1 where x > 0, alpha elsewhere, NaN for NaN. */
function step(g: Graph, x: string, alpha: number): string {
  const result = g.op('Where', [g.op('Greater', [x, g.float(0)]), g.float(1), g.float(alpha)]);
  return g.op('Where', [g.op('IsNaN', [x]), x, result]);
}

export const unaryKernels: KernelTable = {
  Abs: simple('Abs', { exact: true, accepts: numbers }),
  Acos: simple('Acos'),
  Acosh: simple('Acosh'),
  Asin: simple('Asin'),
  Asinh: simple('Asinh'),
  Atan: simple('Atan'),
  Atanh: simple('Atanh'),
  Ceil: simple('Ceil', exact),
  Cos: simple('Cos'),
  Cosh: simple('Cosh'),
  Erf: simple('Erf'),
  Exp: simple('Exp'),
  Expm1: kernel(unary(expm1)),
  Floor: simple('Floor', exact),
  IsFinite: kernel(
    unary((g, x) => g.op('Not', [g.op('Or', [g.op('IsNaN', [x]), g.op('IsInf', [x])])]), {
      exact: true,
      result: 'bool',
    }),
  ),
  IsInf: simple('IsInf', { exact: true, result: 'bool' }),
  IsNan: simple('IsNaN', { exact: true, result: 'bool' }),
  Log: simple('Log'),
  Log1p: kernel(unary(log1p)),
  Neg: simple('Neg', { exact: true, accepts: numbers }),
  Reciprocal: simple('Reciprocal', exact),
  Round: simple('Round', exact),
  Rsqrt: kernel(unary((g, x) => g.op('Div', [g.float(1), g.op('Sqrt', [x])]))),
  Sigmoid: kernel(unary(sigmoid)),
  Sign: kernel(unary(sign, exact)),
  Sin: simple('Sin'),
  Sinh: simple('Sinh'),
  Softplus: simple('Softplus'),
  Sqrt: simple('Sqrt', exact),
  Square: kernel(unary((g, x) => g.op('Mul', [x, x]), { exact: true, accepts: numbers })),
  Tan: simple('Tan'),
  Tanh: simple('Tanh'),

  Relu: simple('Relu', exact),
  Relu6: kernel(unary((g, x) => g.op('Min', [g.op('Relu', [x]), g.float(6)]), exact)),
  Elu: kernel(unary((g, x) => g.op('Where', [g.op('GreaterOrEqual', [x, g.float(0)]), x, expm1(g, x)]))),
  Selu: kernel(
    unary((g, x) => {
      const scale = 1.0507009873554805;
      const positive = g.op('Mul', [x, g.float(scale)]);
      const negative = g.op('Mul', [expm1(g, x), g.float(scale * 1.6732632423543772)]);
      return g.op('Where', [g.op('GreaterOrEqual', [x, g.float(0)]), positive, negative]);
    }),
  ),
  LeakyRelu: kernel<tf.LeakyReluAttrs>(
    unary((g, x, { attrs }) => {
      const negative = g.op('Mul', [x, g.float(attrs.alpha)]);
      return g.op('Where', [g.op('Less', [x, g.float(0)]), negative, x]);
    }),
  ),
  Step: kernel<tf.StepAttrs>({
    ...unary<tf.StepAttrs>((g, x, { attrs }) => step(g, x, attrs.alpha ?? 0), exact),
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      const [y] = outputs as [Operand];
      // Mostly part of ReLU's gradient, which does without.
      g.setLater(y, () => mapElements(g, x, y, (name) => step(g, name, attrs.alpha ?? 0)));
    },
  }),
  ClipByValue: kernel<tf.ClipByValueAttrs>(
    unary((g, x, { attrs }) => g.op('Clip', [x, g.float(attrs.clipValueMin), g.float(attrs.clipValueMax)]), exact),
  ),
  LogicalNot: simple('Not', { exact: true, accepts: ([x]) => x?.dtype === 'bool', result: 'bool' }),
  Prelu: kernel({
    inputs: ['x', 'alpha'],
    accepts: floats,
    exact: true,
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { inputs, outputs }) {
      const [x, alpha] = inputs as [Operand, Operand];
      zipElements(g, x, alpha, outputs[0] as Operand, (p, q) =>
        g.op('Where', [g.op('Less', [p, g.float(0)]), g.op('Mul', [p, q]), p]),
      );
    },
  }),
  EluGrad: kernel({
    inputs: ['dy', 'y'],
    accepts: floats,
    infer: (_attrs, [, shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { inputs, outputs }) {
      const [dy, y] = inputs as [Operand, Operand];
      zipElements(g, dy, y, outputs[0] as Operand, (d, v) => {
        const negative = g.op('Mul', [d, g.op('Add', [v, g.float(1)])]);
        return g.op('Where', [g.op('GreaterOrEqual', [v, g.float(0)]), d, negative]);
      });
    },
  }),
  Cast: kernel<tf.CastAttrs>({
    inputs: ['x'],
    exact: true,
    alias: (x, { dtype }) => x.dtype === dtype,
    accepts: (_inputs, { dtype }) => isNumeric(dtype),
    infer: ({ dtype }, [shape = []]) => [{ shape: [...shape], dtype: dtype as NumericType }],
    lower(g, { inputs, outputs, attrs }) {
      const to = elementType[attrs.dtype as NumericType];
      mapElements(g, inputs[0] as Operand, outputs[0] as Operand, (x) => g.op('Cast', [x], { to }));
    },
  }),
};
