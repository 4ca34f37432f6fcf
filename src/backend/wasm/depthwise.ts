import * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';
import { spreadToInput, withMargins } from './margins.js';

/**
 * The gradients of a depthwise convolution: x [n, h, w, c], filter [kh, kw, c, m], y [n, oh, ow, c m], where output
 * channel c m + k is input channel c under filter [.., .., c, k].
 */
interface DepthwiseAttributes {
  strides: number | [number, number];
  dilations: number | [number, number];
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * As for any convolution, the gradient of the input is dy, spread to the input's grid, under the filter turned by half a
 * turn; here channel by channel, and then summed over the outputs that one input channel had.
 */
export const depthwiseBackpropInput: tf.KernelFunc = ({ inputs, attrs }) => {
  const { inputShape, ...options } = attrs as unknown as DepthwiseAttributes & { inputShape: Shape4D };
  const filter = inputs.filter as tf.Tensor4D;
  return tf.tidy(() => {
    const info = describeConvolution(inputShape, filter.shape, options);
    const { filterHeight, filterWidth, inChannels, outChannels } = info;
    const [spreadDy, margins] = spreadToInput(inputs.dy as tf.Tensor4D, info);
    const turned = tf.reshape(tf.reverse(filter, [0, 1]), [filterHeight, filterWidth, outChannels, 1]) as tf.Tensor4D;
    const dx = withMargins(spreadDy, margins, (dy, pad) =>
      tf.depthwiseConv2d(dy, turned, 1, pad, 'NHWC', [info.dilationHeight, info.dilationWidth]),
    );
    if (inChannels === outChannels) return dx;
    return tf.sum(tf.reshape(dx, [...dx.shape.slice(0, 3), inChannels, outChannels / inChannels]), -1);
  });
};

export const depthwiseBackpropFilter: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { filterShape, ...options } = attrs as unknown as DepthwiseAttributes & { filterShape: Shape4D };
  const x = inputs.x!;
  const dy = inputs.dy!;
  const info = describeConvolution(x.shape as Shape4D, filterShape, options);
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const multiplier = outChannels / inChannels;

  return onHeap(backend, { shape: filterShape, dtype: 'float32' }, [x, dy], (dFilter, x, dy) => {
    // Thousands of small terms per weight: summed in double precision, rounded once.
    const sums = new Float64Array(dFilter.length);
    for (let n = 0; n < info.batchSize; n++) {
      for (let p = 0; p < outHeight; p++) {
        for (let i = 0; i < info.filterHeight; i++) {
          const h = p * info.strideHeight - info.padInfo.top + i * info.dilationHeight;
          if (h < 0 || h >= inHeight) continue;
          for (let q = 0; q < outWidth; q++) {
            for (let j = 0; j < info.filterWidth; j++) {
              const w = q * info.strideWidth - info.padInfo.left + j * info.dilationWidth;
              if (w < 0 || w >= inWidth) continue;
              const pixel = ((n * inHeight + h) * inWidth + w) * inChannels;
              let out = ((n * outHeight + p) * outWidth + q) * outChannels;
              let weight = (i * info.filterWidth + j) * outChannels;
              for (let c = 0; c < inChannels; c++) {
                const value = x[pixel + c]!;
                for (let m = 0; m < multiplier; m++) sums[weight++]! += value * dy[out++]!;
              }
            }
          }
        }
      }
    }
    dFilter.set(sums);
  });
};

type Shape4D = [number, number, number, number];

function describeConvolution(shape: Shape4D, filterShape: Shape4D, options: DepthwiseAttributes) {
  const { strides, dilations, pad, dimRoundingMode } = options;
  return tf.backend_util.computeConv2DInfo(shape, filterShape, strides, dilations, pad, dimRoundingMode, true);
}
