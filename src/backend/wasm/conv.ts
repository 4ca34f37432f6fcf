import * as tf from '@tensorflow/tfjs-core';

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

    const result = convolve(
      tf.transpose(x, [3, 1, 2, 0]),
      tf.transpose(dy, [1, 2, 0, 3]),
      { top, bottom, left, right },
      [strideHeight, strideWidth],
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
    const spreadDy = spread(dy, info.strideHeight, info.strideWidth);
    const top = info.filterHeight - 1 - info.padInfo.top;
    const left = info.filterWidth - 1 - info.padInfo.left;
    const bottom = info.inHeight + info.filterHeight - 1 - top - spreadDy.shape[1];
    const right = info.inWidth + info.filterWidth - 1 - left - spreadDy.shape[2];

    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    const dx = convolve(spreadDy, turned, { top, bottom, left, right }, [1, 1]);
    return options.dataFormat === 'NCHW' ? tf.transpose(dx, [0, 3, 1, 2]) : dx;
  });
};

type Shape4D = [number, number, number, number];

interface Margins {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

function describeConvolution(shape: Shape4D, filterShape: Shape4D, options: ConvAttributes) {
  const { strides, pad, dimRoundingMode } = options;
  return tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
}

function channelsLast(t: tf.Tensor4D, { dataFormat }: ConvAttributes): tf.Tensor4D {
  return dataFormat === 'NCHW' ? tf.transpose(t, [0, 2, 3, 1]) : t;
}

/** Puts `strideHeight - 1` rows and `strideWidth - 1` columns of zeros after each row and column. */
function spread(dy: tf.Tensor4D, strideHeight: number, strideWidth: number): tf.Tensor4D {
  const [n, height, width, channels] = dy.shape;
  let flat: tf.Tensor = dy;
  if (strideWidth > 1) flat = padMiddle(tf.reshape(flat, [n * height * width, 1, channels]), strideWidth - 1);
  const row = width * strideWidth * channels;
  if (strideHeight > 1) flat = padMiddle(tf.reshape(flat, [n * height, 1, row]), strideHeight - 1);
  return tf.reshape(flat, [n, height * strideHeight, width * strideWidth, channels]);
}

function padMiddle(t: tf.Tensor, zeros: number): tf.Tensor {
  return tf.pad(t, [
    [0, 0],
    [0, zeros],
    [0, 0],
  ]);
}

/** A convolution of stride 1 whose margins may be negative: that many rows or columns are left out. */
function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, margins: Margins, dilations: [number, number]): tf.Tensor4D {
  const { top, bottom, left, right } = margins;
  const pad: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [Math.max(0, top), Math.max(0, bottom)],
    [Math.max(0, left), Math.max(0, right)],
    [0, 0],
  ];
  if (Math.min(top, bottom, left, right) >= 0) return tf.conv2d(x, filter, 1, pad, 'NHWC', dilations);

  // Padded first: what is left out may reach through all of x into the opposite margin.
  const [n, height, width, channels] = x.shape;
  const seen = tf.slice(
    tf.pad(x, pad),
    [0, Math.max(0, -top), Math.max(0, -left), 0],
    [n, height + top + bottom, width + left + right, channels],
  );
  return tf.conv2d(seen, filter, 1, 'valid', 'NHWC', dilations);
}
