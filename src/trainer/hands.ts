import type * as tf from '@tensorflow/tfjs-core';
import type { Tape } from '../autograd/tape.js';
import type { Parameter } from '../module/parameter.js';
import type { Optimizer } from '../optim/index.js';
import { disposeAll } from '../tensors/tree.js';
import type { Batch } from './hooks.js';
import { disposeReplayed, type Replayed } from './replay/redo.js';

/** What a step has in its hands between the fetching of a batch and the end of its last hook. */
export interface Hands {
  batch: Batch;
  /** The batch's tensors that are the trainer's to dispose. */
  batchTensors: tf.Tensor[];
  /** True once a hook or a paused user put another batch in place: then it is part of the saved state. */
  batchReplaced: boolean;
  outputs: unknown;
  outputTensors: tf.Tensor[];
  loss: tf.Scalar | undefined;
  /** What the gradients are multiplied by: one over the accumulation window. */
  lossScale: number;
  tape: Tape | undefined;
  /** True while `trainingStep` runs. */
  stepping: boolean;
  guarded: Guarded | undefined;
  /** True once a guard has told of this step's gradients. */
  warned: boolean;
  /** Manual optimization: which optimizer is being stepped, and how many hooks the step has called. */
  optimizer: Optimizer | undefined;
  manualCalls: number;
  /** Weights as they were when the forward pass began, while that pass may have to be repeated elsewhere. */
  before: Record<string, tf.Tensor>;
  /** What the phases up to the update only have to hand out, because the step was a known one. */
  replayed: Replayed | undefined;
}

const EMPTY: Readonly<Hands> = {
  batch: undefined,
  batchTensors: [],
  batchReplaced: false,
  outputs: undefined,
  outputTensors: [],
  loss: undefined,
  lossScale: 1,
  tape: undefined,
  stepping: false,
  guarded: undefined,
  warned: false,
  optimizer: undefined,
  manualCalls: 0,
  before: {},
  replayed: undefined,
};

/** What a guarded step keeps until it is confirmed. */
export interface Guarded {
  /** 0, or NaN if a gradient has an element that is NaN or infinite. Recorded with the step, read after it. */
  check: tf.Scalar;
  /** The gradients as they were before they were clipped; empty where nothing clips. */
  unclipped: Map<Parameter, tf.Tensor>;
}

export const freshHands = (): Hands => ({ ...EMPTY });

/** Lets go of whatever a step held that was the trainer's. */
export function disposeHands({ replayed, tape, guarded, outputTensors, batchTensors, before }: Hands): void {
  if (replayed) disposeReplayed(replayed);
  tape?.dispose();
  if (guarded) disposeGuarded(guarded);
  disposeAll(outputTensors);
  disposeAll(batchTensors);
  disposeAll(Object.values(before));
}

export function disposeGuarded({ check, unclipped }: Guarded): void {
  disposeAll([check, ...unclipped.values()]);
}
