import * as tf from '@tensorflow/tfjs-core';
import { spreadToInput, withMargins } from './margins.js';

/**
 * The gradients of a convolution, each written as another convolution, because the forward kernel is the one that wasm
 * runs fast (its own loop for the input's gradient is 4 to 10 times slower).
 *
 * Tensors are NHWC: x [n, h, w, ci], filter [kh, kw, ci, co], dy [n, oh, ow, co].
 */
interface ConvAttributes {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * dFilter[i, j, ci, co] = sum over n, p, q of x[n, p s + i - top, q s + j - left, ci] dy[n, p, q, co]
 *
 * is the convolution of x, its channels taken as the batch and its batch as the channels, with dy as the filter; what was
 * the stride is now the dilation.
 */
export const conv2DBackpropFilter: tf.KernelFunc = ({ inputs, attrs }) => {
  const { filterShape, ...options } = attrs as unknown as ConvAttributes & { filterShape: Shape4D };
  return tf.tidy(() => {
    const x = channelsLast(inputs.x as tf.Tensor4D, options);
    const dy = channelsLast(inputs.dy as tf.Tensor4D, options);
    const info = describeConvolution(x.shape, filterShape, options);
    const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
    const { top, left } = info.padInfo;
    const bottom = filterHeight + (info.outHeight - 1) * strideHeight - info.inHeight - top;
    const right = filterWidth + (info.outWidth - 1) * strideWidth - info.inWidth - left;

    const images = tf.transpose(x, [3, 1, 2, 0]);
    const filter = tf.transpose(dy, [1, 2, 0, 3]);
    const result = withMargins(images, { top, bottom, left, right }, (images, pad) =>
      tf.conv2d(images, filter, 1, pad, 'NHWC', [strideHeight, strideWidth]),
    );
    return tf.transpose(result, [1, 2, 0, 3]);
  });
};

/**
 * dx[n, h, w, ci] = sum over i, j, co of spread(dy)[n, h + top - i, w + left - j, co] filter[i, j, ci, co]
 *
 * is the convolution of dy, spread to the input's grid with zeros between, with the filter turned by half a turn.
 */
export const conv2DBackpropInput: tf.KernelFunc = ({ inputs, attrs }) => {
  const { inputShape, ...options } = attrs as unknown as ConvAttributes & { inputShape: Shape4D };
  const filter = inputs.filter as tf.Tensor4D;
  return tf.tidy(() => {
    const dy = channelsLast(inputs.dy as tf.Tensor4D, options);
    const [n, d1, d2, d3] = inputShape;
    const shape: Shape4D = options.dataFormat === 'NCHW' ? [n, d2, d3, d1] : inputShape;
    const info = describeConvolution(shape, filter.shape, options);
    const [spreadDy, margins] = spreadToInput(dy, info);
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    const dx = withMargins(spreadDy, margins, (dy, pad) => tf.conv2d(dy, turned, 1, pad));
    return options.dataFormat === 'NCHW' ? tf.transpose(dx, [0, 3, 1, 2]) : dx;
  });
};

type Shape4D = [number, number, number, number];

function describeConvolution(shape: Shape4D, filterShape: Shape4D, options: ConvAttributes) {
  const { strides, pad, dimRoundingMode } = options;
  return tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
}

function channelsLast(t: tf.Tensor4D, { dataFormat }: ConvAttributes): tf.Tensor4D {
  return dataFormat === 'NCHW' ? tf.transpose(t, [0, 2, 3, 1]) : t;
}
