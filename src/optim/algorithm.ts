import type { z } from 'zod';

/** What every optimizer has; schedulers cycle `momentum` or `betas` where a group has them. */
export interface Hyperparameters {
  /** Step size. */
  lr: number;
  /** How strongly weights are drawn to zero. */
  weightDecay?: number;
  /** Weight of the steps before. */
  momentum?: number;
  /** Weights of what came before, in the averages of gradients and of their squares. */
  betas?: [number, number];
}

/** Values of one parameter in host memory, by role: `param`, `grad` and the slots. */
export type Buffers = Record<string, Float32Array | undefined>;

/** The numbers one update needs besides tensors; they reach the kernel as its attributes. */
export type Scalars = Record<string, number | boolean>;

/**
 * An optimizer's mathematics, free of state: an optimizer is this plus the groups and slots it is applied to.
 */
export interface Algorithm<
  H extends Hyperparameters = Hyperparameters,
  B extends Buffers = Buffers,
  S extends Scalars = Scalars,
> {
  /** The optimizer's name, for messages. */
  readonly name: string;
  /** The tfjs kernel an engine may implement itself: `{ param, grad, ...slots }` to `[param, ...slots]`. */
  readonly kernel: string;
  /** Hyperparameters with defaults and limits. */
  readonly schema: z.ZodType<H>;
  /** The slots these hyperparameters need, in the kernel's order. */
  slots(hyperparameters: H): readonly string[];
  /** Value a new slot is filled with; 0 if absent. */
  initialSlotValue?(hyperparameters: H): number;
  /**
   * The numbers of one step that are the same for all elements, such as bias corrections.
   *
   * @param step counts from 1.
   * @param fresh true when a slot was made for this very step.
   */
  scalars(hyperparameters: H, step: number, fresh: boolean): S;
  /** One pass over the elements: reads `now`, fills `next`. */
  update(now: B, next: B, scalars: S): void;
}
