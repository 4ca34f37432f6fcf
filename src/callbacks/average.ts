import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '../module/module.js';
import { retain } from '../tensors/share.js';

/** New average of a value, from the one so far, the value now, and how many values are in it. */
export type AverageFunction = (average: tf.Tensor, current: tf.Tensor, averaged: number) => tf.Tensor;

/** The mean of all values so far: `average + (current - average) / (n + 1)`. */
export const equalAverage: AverageFunction = (average, current, averaged) =>
  tf.add(average, tf.div(tf.sub(current, average), averaged + 1));

/** Averages of a module's weights, by name. The tensors are its own. */
export class Average {
  values: Record<string, tf.Tensor> = {};
  /** How many sets of weights are in it. */
  count = 0;
  #over = false;

  /** Takes the weights as they are for a beginning, if there is none yet. */
  begin(weights: Record<string, tf.Tensor>): void {
    if (Object.keys(this.values).length > 0) return;
    this.#begin();
    this.values = mapped(weights, retain);
  }

  /** The first set is copied, the others are mixed in. */
  update(weights: Record<string, tf.Tensor>, mix: AverageFunction): void {
    this.#begin();
    const before = this.values;
    const { count } = this;
    this.values = mapped(weights, (now, name) => {
      const average = before[name];
      return tf.keep(count === 0 || !average ? retain(now) : tf.tidy(() => mix(average, now, count)));
    });
    tf.dispose(before);
    this.count += 1;
  }

  /** For a checkpoint or a snapshot, which takes handles of its own. */
  state(): { count: number; values: Record<string, tf.Tensor> } {
    return { count: this.count, values: this.values };
  }

  load({ count, values }: { count: number; values: Record<string, tf.Tensor> }): void {
    const before = this.values;
    this.values = mapped(values, retain);
    this.count = count;
    this.#over = false;
    tf.dispose(before);
  }

  /** The next average begins anew; how many sets of weights were in this one can still be asked. */
  dispose(): void {
    tf.dispose(this.values);
    this.values = {};
    this.#over = true;
  }

  #begin(): void {
    if (this.#over) this.count = 0;
    this.#over = false;
  }
}

/** The weights that are averaged: parameters, and buffers if they are wanted. Handles are the caller's. */
export function weightsOf(module: Module, useBuffers: boolean): Record<string, tf.Tensor> {
  const all = module.stateDict();
  if (useBuffers) return all;
  const trained = new Set(module.parameters().map(({ name }) => name));
  for (const [name, tensor] of Object.entries(all)) {
    if (trained.has(name)) continue;
    tensor.dispose();
    delete all[name];
  }
  return all;
}

function mapped<T>(record: Record<string, T>, f: (value: T, name: string) => tf.Tensor): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}
