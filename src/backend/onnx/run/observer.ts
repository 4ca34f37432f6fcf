import type * as tf from '@tensorflow/tfjs-core';
import type { AnyKernel } from '../kernels/kernel.js';
import type { Value } from '../values.js';
import type { CompiledGraph } from './compiled.js';

/** Sees what a recorder computes. */
export interface RunObserver {
  /** Set once values were looked at, or computed, other than by a run of one graph. */
  disturbed: boolean;
  /** Numbers that may change were split off a call. */
  varied(kernel: AnyKernel, attrs: object, inputs: readonly tf.TensorInfo[], list: Value): void;
  ran(run: GraphRun): void;
}

/** One run of a compiled graph. */
export interface GraphRun {
  graph: CompiledGraph;
  /** The trace's inputs, by position. */
  inputs: readonly Value[];
  /** What was computed, in the order of the graph's outputs. */
  results: readonly Value[];
}
