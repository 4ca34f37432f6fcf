import { z } from 'zod';
import { batchSizeOf } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Batch } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** After each batch (`writeOnBatchEnd`), once at the end (`writeOnEpochEnd`), or both. */
  writeInterval: z.enum(['batch', 'epoch', 'batchAndEpoch']).default('batch'),
});

/** What PredictionWriter takes. @interface */
export type PredictionWriterOptions = z.input<typeof schema>;

/**
 * The base of callbacks that put predictions somewhere: extend it and define the method that fits the interval.
 *
 * Samples are numbered in the order in which they come, from 0 in each loader. Predictions are the caller's of
 * `trainer.predict`: read them, do not dispose them.
 */
export abstract class PredictionWriter extends Callback {
  /** Whether it writes after batches, after epochs, or both. */
  readonly writeInterval: 'batch' | 'epoch' | 'batchAndEpoch';
  /** By loader: what each batch gave, and the numbers of its samples. */
  #predictions: unknown[][] = [];
  #indices: number[][][] = [];

  constructor(options: PredictionWriterOptions = {}) {
    super();
    this.writeInterval = checkOptions(this.constructor.name, schema, options).writeInterval;
  }

  /** One batch's predictions. */
  writeOnBatchEnd?(
    trainer: Trainer,
    module: Module,
    prediction: unknown,
    batchIndices: number[],
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): unknown;

  /** All predictions: one list for each loader, one entry for each batch. */
  writeOnEpochEnd?(trainer: Trainer, module: Module, predictions: unknown[][], batchIndices: number[][][]): unknown;

  override onPredictStart(): void {
    this.#predictions = [];
    this.#indices = [];
  }

  override async onPredictBatchEnd(
    trainer: Trainer,
    module: Module,
    prediction: unknown,
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): Promise<void> {
    const numbered = (this.#indices[dataloaderIdx] ??= []);
    const start = (numbered.at(-1)?.at(-1) ?? -1) + 1;
    const indices = Array.from({ length: batchSizeOf(batch) }, (_, i) => start + i);
    numbered.push(indices);
    if (this.writeInterval !== 'batch') (this.#predictions[dataloaderIdx] ??= []).push(prediction);
    if (this.writeInterval === 'epoch') return;
    await this.writeOnBatchEnd?.(trainer, module, prediction, indices, batch, batchIdx, dataloaderIdx);
  }

  override async onPredictEpochEnd(trainer: Trainer, module: Module): Promise<void> {
    if (this.writeInterval === 'batch' || trainer.status !== 'running') return;
    await this.writeOnEpochEnd?.(trainer, module, this.#predictions, this.#indices);
  }
}
