import { z } from 'zod';
import { summaryText } from '../display/summary/layout.js';
import { summaryOf } from '../display/summary/summarize.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** How many levels of layers to show: 0 none, -1 all. */
  maxDepth: z.int().min(-1).default(1),
});

export type ModelSummaryOptions = z.input<typeof schema>;

/** Prints what the model is made of when a fit begins. */
export class ModelSummary extends Callback {
  readonly #maxDepth: number;

  constructor(options: ModelSummaryOptions = {}) {
    super();
    this.#maxDepth = checkOptions('ModelSummary', schema, options).maxDepth;
  }

  override onFitStart(trainer: Trainer, module: Module): void {
    if (this.#maxDepth !== 0) trainer.print(summaryText(summaryOf(module, { maxDepth: this.#maxDepth })));
  }
}
