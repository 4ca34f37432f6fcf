import * as tf from '@tensorflow/tfjs-core';

/**
 * Gives a matrix product its operands already transposed: wasm multiplies plain matrices with tuned code and transposed
 * ones with a simple loop more than ten times slower. (Batches of matrices always take the loop; nothing is won there.)
 */
export function explicitTranspose(matMul: tf.KernelFunc): tf.KernelFunc {
  return (args) => {
    const { transposeA, transposeB } = args.attrs as { transposeA?: boolean; transposeB?: boolean };
    const a = args.inputs.a as tf.Tensor;
    const b = args.inputs.b as tf.Tensor;
    if ((!transposeA && !transposeB) || isBatch(a) || isBatch(b)) return matMul(args);

    const left = transposeA ? transposeLast(a) : a;
    const right = transposeB ? transposeLast(b) : b;
    const product = matMul({
      ...args,
      inputs: { a: left, b: right },
      attrs: { transposeA: false, transposeB: false },
    });
    if (left !== a) left.dispose();
    if (right !== b) right.dispose();
    return product;
  };
}

function isBatch({ shape }: tf.Tensor): boolean {
  return shape.slice(0, -2).some((size) => size !== 1);
}

function transposeLast(t: tf.Tensor): tf.Tensor {
  const axes = t.shape.map((_, axis) => axis);
  return tf.transpose(t, [...axes.slice(0, -2), t.rank - 1, t.rank - 2]);
}
