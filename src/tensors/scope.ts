import * as tf from '@tensorflow/tfjs-core';
import { engine } from './engine.js';
import { tensorsIn } from './tree.js';

export interface Scoped<T> {
  result: T;
  /** The tensors of the result that were made inside; whoever called owns them. */
  owned: tf.Tensor[];
}

/**
 * Runs `f` like `tf.tidy`, with two differences: the tensors of the result are kept whatever scope surrounds it, and when
 * `f` turns out to be asynchronous nothing is disposed, since it still needs what it made before its first `await`.
 */
export function scoped<T>(name: string, f: () => T): Scoped<T> {
  engine().startScope(name);
  let keep: tf.Tensor[] = [];
  try {
    const result = f();
    const made = new Set(engine().state.activeScope?.track ?? []);
    if (result instanceof Promise) {
      keep = [...made];
      return { result, owned: [] };
    }
    const owned = tensorsIn(result).filter((tensor) => made.has(tensor));
    for (const tensor of owned) tf.keep(tensor);
    return { result, owned };
  } finally {
    engine().endScope(keep);
  }
}
