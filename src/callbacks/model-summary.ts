import { z } from 'zod';
import { display } from '../display/display.js';
import { displayHost } from '../display/hosts.js';
import { summaryText, type Summary } from '../display/summary/layout.js';
import { summaryOf } from '../display/summary/summarize.js';
import { summaryView } from '../display/tables/summary.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** How many levels of layers to show: 0 nothing, -1 all. */
  maxDepth: z.int().min(-1).default(1),
});

export type ModelSummaryOptions = z.input<typeof schema>;

/** Shows what the model is made of when a fit begins: as text, in a notebook as an HTML table. */
export class ModelSummary extends Callback {
  readonly #maxDepth: number;

  constructor(options: ModelSummaryOptions = {}) {
    super();
    this.#maxDepth = checkOptions('ModelSummary', schema, options).maxDepth;
  }

  override onFitStart(trainer: Trainer, module: Module): void {
    if (this.#maxDepth === 0) return;
    const summary = this.#summary(trainer, module);
    if (displayHost().rich) display(summaryView(summary));
    else trainer.print(this.render(summary));
  }

  /** The text that is printed where there is no notebook; override it to lay it out otherwise. */
  render(summary: Summary): string {
    return summaryText(summary);
  }

  /** A model whose example does not fit can still be trained: the summary then tells less. */
  #summary(trainer: Trainer, module: Module): Summary {
    const options = { maxDepth: this.#maxDepth };
    try {
      return summaryOf(module, options);
    } catch (error) {
      if (module.exampleInput === undefined) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      trainer.warn(`The summary has no sizes: exampleInput does not go through the model: ${reason}`);
      return summaryOf(module, { ...options, measured: false });
    }
  }
}
