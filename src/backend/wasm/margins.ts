import * as tf from '@tensorflow/tfjs-core';

/** Rows and columns of zeros around images [n, h, w, c]; negative where rows or columns are left out instead. */
export interface Margins {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Runs a convolution, given the images and the padding to use, on images with margins. */
export function withMargins(
  x: tf.Tensor4D,
  { top, bottom, left, right }: Margins,
  convolution: (x: tf.Tensor4D, pad: 'valid' | tf.backend_util.ExplicitPadding) => tf.Tensor4D,
): tf.Tensor4D {
  const pad: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [Math.max(0, top), Math.max(0, bottom)],
    [Math.max(0, left), Math.max(0, right)],
    [0, 0],
  ];
  if (Math.min(top, bottom, left, right) >= 0) return convolution(x, pad);

  // Padded first: what is left out may reach through all of x into the opposite margin.
  const [n, height, width, channels] = x.shape;
  const seen = tf.slice(
    tf.pad(x, pad),
    [0, Math.max(0, -top), Math.max(0, -left), 0],
    [n, height + top + bottom, width + left + right, channels],
  );
  return convolution(seen, 'valid');
}

/**
 * The gradient of a convolution's output, spread to the grid of its input with zeros between, and the margins with which a
 * convolution of stride 1 by the turned filter gives the gradient of the input.
 */
export function spreadToInput(dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): [tf.Tensor4D, Margins] {
  const spreadDy = spread(dy, info.strideHeight, info.strideWidth);
  const top = info.effectiveFilterHeight - 1 - info.padInfo.top;
  const left = info.effectiveFilterWidth - 1 - info.padInfo.left;
  const bottom = info.inHeight + info.effectiveFilterHeight - 1 - top - spreadDy.shape[1];
  const right = info.inWidth + info.effectiveFilterWidth - 1 - left - spreadDy.shape[2];
  return [spreadDy, { top, bottom, left, right }];
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
