import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import { sizeOf, type Shape } from '../values.js';
import { addBiasAndActivate, knowsActivation } from './activation.js';
import { floats, zipElements } from './elementwise.js';
import { kernel, type KernelTable, type Operand } from './kernel.js';

interface Product {
  transposeA: boolean;
  transposeB: boolean;
}

function productShape({ transposeA, transposeB }: Product, a: Shape, b: Shape): number[] {
  const [rows, inner] = (transposeA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)]) as [number, number];
  const [same, columns] = (transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)]) as [number, number];
  tf.util.assert(
    inner === same,
    () =>
      `Error in matMul: inner shapes (${inner}) and (${same}) of Tensors with shapes ${a.join()} and ${b.join()} must match.`,
  );
  const batch = tf.backend_util.assertAndGetBroadcastShape(a.slice(0, -2), b.slice(0, -2));
  return [...batch, rows, columns];
}

function product(g: Graph, a: Operand, b: Operand, { transposeA, transposeB }: Product): string {
  const names = [g.natural(a), g.natural(b)];
  const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  if (a.shape.length === 2 && b.shape.length === 2) return g.op('Gemm', names, flags);
  if (!transposeA && !transposeB) return g.op('MatMul', names);
  return g.op('FusedMatMul', names, flags, 'com.microsoft');
}

const work = (attrs: Product, [a = []]: readonly Shape[], [y]: readonly { shape: number[] }[]) =>
  sizeOf(y?.shape ?? []) * ((attrs.transposeA ? a.at(-2) : a.at(-1)) ?? 1);

export const matmulKernels: KernelTable = {
  BatchMatMul: kernel<tf.BatchMatMulAttrs>({
    inputs: ['a', 'b'],
    accepts: floats,
    infer: (attrs, [a = [], b = []]) => [{ shape: productShape(attrs, a, b), dtype: 'float32' }],
    work,
    lower(g, { inputs, outputs, attrs }) {
      const [a, b] = inputs as [Operand, Operand];
      g.set(outputs[0] as Operand, product(g, a, b, attrs));
    },
  }),
  _FusedMatMul: kernel<tf._FusedMatMulAttrs>({
    inputs: ['a', 'b', 'bias?', 'preluActivationWeights?'],
    accepts: (inputs, { activation }) => floats(inputs) && knowsActivation(activation),
    infer: (attrs, [a = [], b = []]) => [{ shape: productShape(attrs, a, b), dtype: 'float32' }],
    work,
    lower(g, call) {
      const [a, b] = call.inputs as [Operand, Operand];
      const { activation, leakyreluAlpha: alpha } = call.attrs;
      const linear = { name: product(g, a, b, call.attrs), layout: 'natural' as const };
      const options = { bias: call.optional(2), activation, prelu: call.optional(3), alpha };
      addBiasAndActivate(g, call.outputs[0] as Operand, linear, options, (x, bias, sum) =>
        zipElements(g, x, bias, sum, (p, q) => g.op('Add', [p, q])),
      );
    },
  }),
  Einsum: kernel<tf.EinsumAttrs>({
    inputs: 'list',
    accepts: floats,
    infer: ({ equation }, shapes) => [{ shape: einsumShape(equation, shapes), dtype: 'float32' }],
    work: ({ equation }, shapes) => sizeOf([...letters(equation, shapes).values()]),
    lower(g, { inputs, outputs, attrs }) {
      const equation = attrs.equation.replaceAll(/\s/g, '');
      g.set(
        outputs[0] as Operand,
        g.op(
          'Einsum',
          inputs.map((x) => g.natural(x)),
          { equation },
        ),
      );
    },
  }),
};

/** The length of each axis an einsum equation names. */
function letters(equation: string, shapes: readonly Shape[]): Map<string, number> {
  const { idDims, allDims } = tf.backend_util.decodeEinsumEquation(equation, shapes.length);
  const sizes = new Map<string, number>();
  idDims.forEach((dims, i) => dims.forEach((d, axis) => sizes.set(allDims[d] as string, shapes[i]?.[axis] as number)));
  tf.backend_util.checkEinsumDimSizes(
    allDims.length,
    idDims,
    shapes.map((shape) => ({ shape: [...shape] }) as tf.Tensor),
  );
  return sizes;
}

function einsumShape(equation: string, shapes: readonly Shape[]): number[] {
  const sizes = letters(equation, shapes);
  const result = equation.replaceAll(/\s/g, '').split('->')[1] ?? '';
  return Array.from(result, (letter) => sizes.get(letter) as number);
}
