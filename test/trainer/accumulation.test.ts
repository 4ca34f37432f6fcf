import type * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Callback } from 'strobe';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

const { called } = oracle('grad_accum');

describe('accumulated gradients', () => {
  it('start anew once per window: acc.zero_grad', async () => {
    const { given, expect: wanted } = called<{ batches: number; accumulate: number[] }, { zero_grad_calls: number[] }>(
      'acc.zero_grad',
    );
    const counts: number[] = [];
    for (const accumulateGradBatches of given.accumulate) {
      let count = 0;
      class Counted extends Callback {
        override onBeforeZeroGrad(): void {
          count += 1;
        }
      }
      const trainer = quietTrainer({ accumulateGradBatches, callbacks: [new Counted()] });
      await trainer.fit(new OneWeight(), upTo(given.batches));
      counts.push(count);
    }
    expect(counts).toEqual(wanted.zero_grad_calls);
  });

  async function weights(accumulateGradBatches: number, batches: number | Iterable<tf.Tensor>) {
    const after: number[] = [];
    class Watched extends OneWeight {
      override onTrainBatchEnd(): void {
        after.push(this.value);
      }
    }
    const data = typeof batches === 'number' ? upTo(batches) : batches;
    const { steps } = await quietTrainer({ accumulateGradBatches }).fit(new Watched(), data);
    return { after, steps };
  }

  // The peer divides a short last window by the whole N; here it is divided by the batches it has.
  it.each([
    ['acc.acc2_batches5', 2, 5, [1, 0.85, 0.85, 0.5, 0]],
    ['acc.acc3_batches3', 3, 3, undefined],
    ['acc.acc4_batches2', 4, 2, [1, 0.85]],
  ] as const)('%s: the weight after each batch', async (id, accumulate, batches, ours) => {
    const { expect: wanted } = called<unknown, { w_after_each_batch: number[]; global_step: number }>(id);
    const { after, steps } = await weights(accumulate, batches);
    expect(steps).toBe(wanted.global_step);
    (ours ?? wanted.w_after_each_batch).forEach((w, i) => expect(after[i]).toBeCloseTo(w, 6));
  });

  it('are averaged over what a short window has, also when the loader does not know its length', async () => {
    const unsized = { *[Symbol.iterator]() { yield* upTo(5); } }; // prettier-ignore
    const known = await weights(2, 5);
    const { after, steps } = await weights(2, unsized);
    expect(steps).toBe(known.steps);
    after.forEach((w, i) => expect(w).toBeCloseTo(known.after[i] as number, 6));
  });
});
