import { z } from 'zod';
import { checkOptions } from '../callbacks/options.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import { evaluationSourcesFor } from '../trainer/phases/loaders.js';
import type { Session } from '../trainer/session.js';
import type { Trainer } from '../trainer/trainer.js';
import { Attribute } from './attribute.js';
import { batchSizeShape, searchIn, type BatchSizeSearch } from './batch-size.js';

const schema = z.strictObject(batchSizeShape);

export type BatchSizeFinderOptions = z.input<typeof schema>;

/**
 * Finds the largest batch size that fits into memory before a fit, a validation, a test or a prediction begins, which then goes
 * with it: {@link scaleBatchSize} as a callback. A fit that goes on from a checkpoint has the batch size it had.
 */
export class BatchSizeFinder extends Callback {
  /** What was found; undefined before. */
  optimalBatchSize: number | undefined;
  readonly #search: BatchSizeSearch;
  /** From a checkpoint: nothing is to be looked for. */
  #known = false;

  constructor(options: BatchSizeFinderOptions = {}) {
    super();
    this.#search = checkOptions('BatchSizeFinder', schema, options);
  }

  override get kind(): CallbackKind {
    return 'tuner';
  }

  override async onFitStart(trainer: Trainer): Promise<void> {
    await this.#tune(trainer);
  }

  override async onValidationStart(trainer: Trainer): Promise<void> {
    if (trainer.stage === 'validate') await this.#tune(trainer);
  }

  override async onTestStart(trainer: Trainer): Promise<void> {
    await this.#tune(trainer);
  }

  override async onPredictStart(trainer: Trainer): Promise<void> {
    await this.#tune(trainer);
  }

  override teardown(): void {
    this.#known = false;
  }

  override stateDict(): { batchSize?: number } {
    return this.optimalBatchSize === undefined ? {} : { batchSize: this.optimalBatchSize };
  }

  override loadStateDict({ batchSize }: { batchSize?: number }): void {
    this.optimalBatchSize = batchSize;
    this.#known = batchSize !== undefined;
  }

  async #tune(trainer: Trainer): Promise<void> {
    const session = trainer.session as Session;
    if (this.#known)
      new Attribute(session, [this.#search.batchArgName], 'BatchSizeFinder').value = this.optimalBatchSize;
    else this.optimalBatchSize = await searchIn(session, this.#search, 'BatchSizeFinder');
    for (const kind of ['train', 'val', 'test', 'predict'] as const) session.data.forget(kind);
    if (session.evaluating) await evaluationSourcesFor(session, 0, 0);
  }
}
