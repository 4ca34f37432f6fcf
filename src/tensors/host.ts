import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs one loop over float32 values in host memory and gives its outputs as new tensors.
 *
 * The arrays are valid only inside `loop`. Inputs must not be written: other handles may show the same values.
 */
export function computeOnHost(
  inputs: tf.Tensor[],
  outputShapes: number[][],
  loop: (inputs: Float32Array[], outputs: Float32Array[]) => void,
): tf.Tensor[] {
  const outputs = outputShapes.map((shape) => new Float32Array(tf.util.sizeFromShape(shape)));
  loop(
    inputs.map((tensor) => tensor.dataSync<'float32'>()),
    outputs,
  );
  return outputs.map((values, i) => tf.tensor(values, outputShapes[i]));
}
