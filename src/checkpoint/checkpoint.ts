import type * as tf from '@tensorflow/tfjs-core';
import type { OptimizerState } from '../optim/index.js';

/**
 * What a checkpoint file holds. Hooks get it before it is written (`onSaveCheckpoint`, to add to it) and after it was
 * read (`onLoadCheckpoint`). Everything in it is plain data or tensors.
 */
export interface Checkpoint {
  /** Version of this layout. */
  format: 1;
  /** Version of Strobe that wrote it. */
  strobeVersion: string;
  /** Informative; going on uses `run`. */
  epoch: number;
  /** Informative; going on uses `run`. */
  globalStep: number;
  /** Parameters and buffers by name. */
  stateDict: Record<string, tf.Tensor>;
  /** What the module's `extraState()` gave. */
  extraState?: unknown;
  /** What the module saved with `saveHyperparameters`. */
  hyperParameters?: Record<string, unknown>;
  /** By the callback's key; absent from weights-only files, as is all that follows. */
  callbacks?: Record<string, object>;
  /** One for each optimizer. */
  optimizerStates?: OptimizerState[];
  /** States of the schedulers, in their order. */
  lrSchedulers?: unknown[];
  /** The data module's `stateDict()`. */
  dataModule?: unknown;
  /** Where the run stood, and the rest of what it needs to go on exactly there. */
  run?: unknown;
  [custom: string]: unknown;
}
