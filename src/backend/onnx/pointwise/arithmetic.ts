/**
 * Arithmetic in single precision on whatever stands for an element. A formula that is written with it can be added to a
 * graph and compiled to WebAssembly: each operation is rounded by itself in both, so that the bits are the same.
 */
export interface Arithmetic<T> {
  /** A number that is the same for all elements, by its position in the call's list. */
  number(index: number): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  max(a: T, b: T): T;
  sqrt(a: T): T;
}

/**
 * Computes an element of each result from the same element of each input.
 *
 * @param inputs undefined where the call lacks an optional one
 */
export type Formula = <T>(f: Arithmetic<T>, inputs: readonly (T | undefined)[]) => T[];
