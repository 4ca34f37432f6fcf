import * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

interface PoolAttributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * Sends each output's gradient to the first input of its window that equals it. One pass over the outputs, where tfjs-wasm's
 * own kernel scans all windows of every input.
 */
export const maxPoolGrad: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttributes;
  const dy = inputs.dy!;
  const x = inputs.input!;
  const y = inputs.output!;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;

  return onHeap(backend, { shape: x.shape, dtype: 'float32' }, [dy, x, y], (dx, dy, x, y) => {
    dx.fill(0);
    let out = 0;
    for (let n = 0; n < batchSize; n++) {
      const image = n * inHeight * inWidth;
      for (let p = 0; p < outHeight; p++) {
        const top = p * strideHeight - info.padInfo.top;
        const rowStart = image + Math.max(0, top) * inWidth;
        const rowEnd = image + Math.min(inHeight, top + filterHeight) * inWidth;
        for (let q = 0; q < outWidth; q++) {
          const left = q * strideWidth - info.padInfo.left;
          const start = Math.max(0, left);
          const end = Math.min(inWidth, left + filterWidth);
          for (let c = 0; c < channels; c++, out++) {
            const largest = y[out]!;
            search: for (let row = rowStart; row < rowEnd; row += inWidth) {
              const last = (row + end) * channels + c;
              for (let at = (row + start) * channels + c; at < last; at += channels) {
                if (x[at] !== largest) continue;
                dx[at]! += dy[out]!;
                break search;
              }
            }
          }
        }
      }
    }
  });
};
