import type * as tf from '@tensorflow/tfjs-core';
import { engine } from '../tensors/engine.js';

/**
 * What an engine that computes whole steps at once offers to a program that repeats itself: to watch how it computes
 * one, and to compute the same on other inputs without being called kernel by kernel. Both know tensors, not training.
 */
export interface StepEngine {
  /**
   * Watches what is computed from here on, until it is stopped. What was recorded before is computed first; false where
   * that would change bits. Tensors that are there already are inputs of what is recorded, whatever their values.
   *
   * @param onStep sees each computation, before anybody else sees its results.
   */
  watchSteps(onStep: (step: RecordedStep) => void): StepWatch | false;

  /**
   * From here on the bits of a program's results do not depend on where it looks at values. Otherwise parts of it that are
   * small enough are left to kernels that are sooner done, and round differently.
   *
   * @returns what ends it
   */
  steadyBits(): () => void;

  /**
   * Computes what is recorded.
   *
   * @throws StrobeError where an optimizer's update cannot be computed.
   */
  compute(): void;
}

export interface StepWatch {
  /** True once values were looked at, or computed, other than by one computation of everything at once. */
  readonly disturbed: boolean;
  stop(): void;
}

/** A computation that the engine has just done, and can do again. */
export interface RecordedStep {
  /** The same object for the same computation, with the same constants in it. */
  readonly computation: object;
  readonly inputs: readonly tf.DataId[];
  readonly results: readonly tf.DataId[];
  /** Calls with numbers that may change without its being another computation, such as step sizes. */
  readonly scalars: readonly ScalarsCall[];
  /** False once it cannot be done again. */
  readonly current: boolean;
  /** A copy of an input's values. */
  valuesOf(input: number): ArrayLike<number>;
  /**
   * Computes the same on other inputs. Undefined, with nothing done, where that is not possible any more.
   *
   * @param inputs a dataId of the same shape and type, or the numbers, for each input
   */
  again(inputs: readonly (tf.DataId | ArrayLike<number>)[]): tf.TensorInfo[] | undefined;
}

export interface ScalarsCall {
  /** What the kernel was called with. */
  readonly attrs: object;
  /** The input that the numbers are in; undefined where they were compiled in. */
  readonly input: number | undefined;
  /** The numbers for other attributes; null where these make another computation. */
  numbersFor(attrs: object): readonly number[] | null;
}

/** The engine in use, if it can do this. */
export function stepEngine(): StepEngine | undefined {
  const { backend } = engine();
  return 'watchSteps' in backend ? (backend as tf.KernelBackend & StepEngine) : undefined;
}
