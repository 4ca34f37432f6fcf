import { z } from 'zod';
import { tell } from '../loggers/tell.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Optimizer steps from one to the next. */
  everyNSteps: z.int().min(1).default(100),
});

/** What ParameterHistograms takes. @interface */
export type ParameterHistogramsOptions = z.input<typeof schema>;

/**
 * Sends each parameter's values and gradient, as they are before clipping and the update, to the loggers that draw
 * histograms: `parameters/<name>` and `gradients/<name>`.
 */
export class ParameterHistograms extends Callback {
  readonly #every: number;

  constructor(options: ParameterHistogramsOptions = {}) {
    super();
    this.#every = checkOptions('ParameterHistograms', schema, options).everyNSteps;
  }

  override async onBeforeOptimizerStep(trainer: Trainer, module: Module): Promise<void> {
    const step = trainer.globalStep;
    if (step % this.#every !== 0) return;
    const loggers = trainer.loggers.filter((logger) => logger.logHistogram !== undefined);
    if (loggers.length === 0) return;
    for (const { name, variable, grad } of module.parameters()) {
      await tell(loggers, 'logHistogram', `parameters/${name}`, await variable.data(), step);
      if (grad) await tell(loggers, 'logHistogram', `gradients/${name}`, await grad.data(), step);
    }
  }
}
