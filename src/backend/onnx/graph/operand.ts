import type { NumericType, Shape } from '../values.js';

/** One tensor inside a graph that is being compiled. */
export interface Operand {
  /** Its number in the trace. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: NumericType;
  /** The value of every element, or the elements, when they are known while compiling. */
  readonly constant: ArrayLike<number> | null;
}
