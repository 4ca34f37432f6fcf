import * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

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

export const depthwiseBackpropInput: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { inputShape, ...options } = attrs as unknown as DepthwiseAttributes & { inputShape: Shape4D };
  const dy = inputs.dy!;
  const filter = inputs.filter!;
  const info = describeConvolution(inputShape, filter.shape as Shape4D, options);
  const { inChannels, outChannels } = info;
  const multiplier = outChannels / inChannels;

  return onHeap(backend, { shape: inputShape, dtype: 'float32' }, [dy, filter], (dx, dy, filter) => {
    dx.fill(0);
    forEachTap(info, (x, y, tap) => {
      for (let c = 0, k = 0; c < inChannels; c++) {
        let sum = 0;
        for (let m = 0; m < multiplier; m++, k++) sum += dy[y + k]! * filter[tap + k]!;
        dx[x + c]! += sum;
      }
    });
  });
};

export const depthwiseBackpropFilter: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { filterShape, ...options } = attrs as unknown as DepthwiseAttributes & { filterShape: Shape4D };
  const x = inputs.x!;
  const dy = inputs.dy!;
  const info = describeConvolution(x.shape as Shape4D, filterShape, options);
  const { inChannels, outChannels } = info;
  const multiplier = outChannels / inChannels;

  return onHeap(backend, { shape: filterShape, dtype: 'float32' }, [x, dy], (dFilter, xs, dy) => {
    // Thousands of small terms per weight: summed in double precision, rounded once.
    const sums = new Float64Array(dFilter.length);
    forEachTap(info, (x, y, tap) => {
      for (let c = 0, k = 0; c < inChannels; c++) {
        const value = xs[x + c]!;
        for (let m = 0; m < multiplier; m++, k++) sums[tap + k]! += value * dy[y + k]!;
      }
    });
    dFilter.set(sums);
  });
};

type Shape4D = [number, number, number, number];

function describeConvolution(shape: Shape4D, filterShape: Shape4D, options: DepthwiseAttributes) {
  const { strides, dilations, pad, dimRoundingMode } = options;
  return tf.backend_util.computeConv2DInfo(shape, filterShape, strides, dilations, pad, dimRoundingMode, true);
}

/** Calls `visit` with the offsets of the channels in x, y and filter, for each filter tap that falls on an input pixel. */
function forEachTap(info: tf.backend_util.Conv2DInfo, visit: (x: number, y: number, tap: number) => void): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  for (let n = 0; n < info.batchSize; n++) {
    for (let p = 0; p < outHeight; p++) {
      for (let i = 0; i < info.filterHeight; i++) {
        const h = p * info.strideHeight - info.padInfo.top + i * info.dilationHeight;
        if (h < 0 || h >= inHeight) continue;
        for (let q = 0; q < outWidth; q++) {
          const y = ((n * outHeight + p) * outWidth + q) * outChannels;
          for (let j = 0; j < info.filterWidth; j++) {
            const w = q * info.strideWidth - info.padInfo.left + j * info.dilationWidth;
            if (w < 0 || w >= inWidth) continue;
            const x = ((n * inHeight + h) * inWidth + w) * inChannels;
            visit(x, y, (i * info.filterWidth + j) * outChannels);
          }
        }
      }
    }
  }
}
