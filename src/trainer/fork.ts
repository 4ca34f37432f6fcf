import type { Trainer } from './trainer.js';

/**
 * A trainer of the same settings whose run goes on from here on its own.
 *
 * @param options.silent without callbacks and loggers
 */
export function forkTrainer(trainer: Trainer, { silent = false }: { silent?: boolean } = {}): Trainer {
  // Of its own class, which need not be imported then.
  const copy = new (trainer.constructor as typeof Trainer)({
    ...trainer.options,
    callbacks: [],
    logger: silent ? false : trainer.loggers.flatMap((logger) => logger.fork?.() ?? []),
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
    maxTime: undefined,
    profiler: undefined,
    barebones: false,
    maxEpochs: trainer.limits.maxEpochs,
    // Limits that were changed while training are taken as they are: they come below.
    minEpochs: undefined,
    seed: trainer.seed,
  });
  if (!silent) copy.callbacks.push(...trainer.callbacks.map((callback) => callback.clone?.() ?? callback));
  Object.assign(copy.limits, trainer.limits);
  copy.stage = trainer.stage;
  copy.ckptPath = trainer.ckptPath;
  return copy;
}
