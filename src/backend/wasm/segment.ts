import type * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

/**
 * Adds the rows of x that have the same segment id: x [...ids, ...row] and segmentIds [...ids] give
 * [numSegments, ...row]. Ids outside the range are dropped. It is the gradient of a gather, so of every embedding.
 */
export const unsortedSegmentSum: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { numSegments } = attrs as { numSegments: number };
  const x = inputs.x!;
  const segmentIds = inputs.segmentIds!;
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const size = rowShape.reduce((a, b) => a * b, 1);
  const shape = [numSegments, ...rowShape];

  return onHeap(backend, { shape, dtype: x.dtype }, [x, segmentIds], (sums, x, ids) => {
    sums.fill(0);
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row]!;
      if (id < 0 || id >= numSegments) continue;
      const from = row * size;
      const to = id * size;
      for (let i = 0; i < size; i++) sums[to + i]! += x[from + i]!;
    }
  });
};
