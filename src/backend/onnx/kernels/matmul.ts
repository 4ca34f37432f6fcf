import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sameShape, sizeOf, type Shape } from '../values.js';
import { addBiasAndActivate, knowsActivation } from './activation.js';
import { floats, zipElements } from './elementwise.js';
import { kernel, type KernelTable } from './kernel.js';

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

/** The product of two matrices, or of lists of them; times a number or plus a row, where one is given. */
function product(
  g: Graph,
  a: Operand,
  b: Operand,
  { transposeA, transposeB }: Product,
  { times, plus }: { times?: number; plus?: string } = {},
): string {
  const names = [g.natural(a), g.natural(b)];
  const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  const scaled = times === undefined ? flags : { ...flags, alpha: { float: times } };
  if (a.shape.length === 2 && b.shape.length === 2)
    return g.op('Gemm', plus === undefined ? names : [...names, plus], scaled);
  if (!transposeA && !transposeB && times === undefined) return g.op('MatMul', names);
  return g.op('FusedMatMul', names, scaled, 'com.microsoft');
}

/**
 * Sums of at most so many products are taken in one go (MLAS's blocks have 128): what is added to them, or multiplied with
 * them, rounds as it does in an operator of its own. Vectors have other ways, so they are not counted among those.
 */
const ONE_BLOCK = 128;

/** The product that x is, if nobody else needs it and each of its elements is summed in one go. */
function plainProduct(g: Graph, x: Operand): { a: Operand; b: Operand; attrs: Product } | undefined {
  const call = g.onlyUsed(x, 'BatchMatMul');
  if (!call || x.shape.at(-1) === 1 || x.shape.at(-2) === 1) return undefined;
  const [a, b] = call.inputs as [Operand, Operand];
  const attrs = call.attrs as Product;
  return (a.shape.at(attrs.transposeA ? -2 : -1) as number) <= ONE_BLOCK ? { a, b, attrs } : undefined;
}

/** Sets y to x + row where x is a product of two matrices; false where it is not. */
export function productPlusRow(g: Graph, x: Operand, row: Operand, y: Operand): boolean {
  if (x.shape.length !== 2 || row.shape.length !== 1 || row.shape[0] !== x.shape[1]) return false;
  const found = plainProduct(g, x);
  if (!found) return false;
  g.set(y, product(g, found.a, found.b, found.attrs, { plus: g.natural(row) }));
  return true;
}

/** Sets y to x times a number that is always the same, where x is a product; false where it is not. */
export function productTimesNumber(g: Graph, x: Operand, number: Operand, y: Operand): boolean {
  const times = number.constant?.length === 1 ? number.constant[0] : undefined;
  if (times === undefined || !sameShape(x.shape, y.shape)) return false;
  const found = plainProduct(g, x);
  if (!found) return false;
  g.set(y, product(g, found.a, found.b, found.attrs, { times }));
  return true;
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
      const y = outputs[0] as Operand;
      // A product may be part of what comes after it.
      g.setLater(y, () => g.set(y, product(g, a, b, attrs)));
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
