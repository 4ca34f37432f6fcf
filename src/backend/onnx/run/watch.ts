import type * as tf from '@tensorflow/tfjs-core';
import type { RecordedStep, ScalarsCall, StepWatch } from '../../steps.js';
import type { AnyKernel } from '../kernels/kernel.js';
import { sameAttributes } from '../trace/equal.js';
import type { Value } from '../values.js';
import type { GraphRun, RunObserver } from './observer.js';
import type { Recorder } from './recorder.js';

interface Varied {
  attrs: object;
  list: Value;
  numbersFor: ScalarsCall['numbersFor'];
}

/** Looks over a recorder's shoulder, and tells of each run of a graph what it takes to do it again. */
export class Watch implements StepWatch, RunObserver {
  disturbed = false;
  #runs = 0;
  #varied: Varied[] = [];

  constructor(
    readonly recorder: Recorder,
    readonly adopt: (value: Value) => tf.TensorInfo,
    readonly onStep: (step: RecordedStep) => void,
  ) {}

  stop(): void {
    if (this.recorder.watch === this) this.recorder.watch = null;
  }

  varied(kernel: AnyKernel, attrs: object, inputs: readonly tf.TensorInfo[], list: Value): void {
    const split = kernel.vary?.(attrs as never, inputs);
    const likes = inputs.map(({ shape, dtype }) => ({ shape, dtype, dataId: {} }));
    const numbersFor = (other: object): readonly number[] | null => {
      const again = kernel.vary?.(other as never, likes);
      return again && sameAttributes(again.attrs, split?.attrs) ? again.numbers : null;
    };
    this.#varied.push({ attrs, list, numbersFor });
  }

  ran({ graph, inputs, results }: GraphRun): void {
    if (++this.#runs > 1) this.disturbed = true;
    const { recorder } = this;
    const fed = graph.inputs.map(({ position }) => inputs[position] as Value);
    const scalars = this.#varied.map(({ attrs, list, numbersFor }) => {
      const input = fed.indexOf(list);
      return { attrs, input: input < 0 ? undefined : input, numbersFor };
    });
    this.onStep({
      computation: graph,
      inputs: fed,
      results,
      scalars,
      get current() {
        return graph.current;
      },
      valuesOf: (input) => fed[input]?.data?.slice() ?? [],
      again: (given) => recorder.runAgain(graph, given)?.map(this.adopt),
    });
  }
}
