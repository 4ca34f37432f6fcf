import { ConfigurationError, StrobeError } from '../errors.js';
import type { Trainer } from '../trainer/trainer.js';

/** Refuses a fit whose measurements would go nowhere. A fast development run has no loggers on purpose. */
export function needsLogger(owner: string, trainer: Trainer): void {
  if (trainer.loggers.length > 0 || trainer.options.fastDevRun !== false) return;
  throw new ConfigurationError(
    StrobeError.compose(`Cannot use ${owner} with a Trainer that has no logger.`, {
      expected: 'a logger to send the values to',
      received: 'logger: false',
      hint: `leave logger out of the Trainer's options, give it one, or take out the ${owner}`,
    }),
  );
}
