import * as tf from '@tensorflow/tfjs-core';

interface ConvAttributes {
  strides: number | [number, number];
  dilations?: number | [number, number];
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dataFormat?: 'NHWC' | 'NCHW';
}

/**
 * Spells out the padding `same` of a convolution. tfjs-wasm leaves it to its native library, whose sum goes below zero
 * where the stride exceeds the kernel (3 against 2 on 9 pixels, say), and the values are wrong without an error.
 */
export function explicitPadding(convolution: tf.KernelFunc): tf.KernelFunc {
  return (args) => {
    const attrs = args.attrs as unknown as ConvAttributes;
    if (attrs.pad !== 'same' || attrs.dataFormat === 'NCHW') return convolution(args);
    const x = args.inputs.x!.shape as [number, number, number, number];
    const filter = args.inputs.filter!.shape as [number, number, number, number];
    const { padInfo } = tf.backend_util.computeConv2DInfo(x, filter, attrs.strides, attrs.dilations ?? 1, 'same');
    const pad: tf.backend_util.ExplicitPadding = [
      [0, 0],
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right],
      [0, 0],
    ];
    return convolution({ ...args, attrs: { ...args.attrs, pad } });
  };
}
