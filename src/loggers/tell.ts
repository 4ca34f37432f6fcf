import { ContractError, StrobeError } from '../errors.js';
import type { Logger } from './logger.js';

type Method = 'logMetrics' | 'logHyperparams' | 'logGraph' | 'afterSaveCheckpoint' | 'save' | 'finalize';

/**
 * Calls a method of every logger that has it. One that throws does not keep the others from being told.
 *
 * @throws ContractError that names the first logger that threw, with what it threw as its cause
 */
export async function tell<M extends Method>(
  loggers: readonly Logger[],
  method: M,
  ...args: Parameters<NonNullable<Logger[M]>>
): Promise<void> {
  let failed: { logger: Logger; error: unknown } | undefined;
  for (const logger of loggers) {
    try {
      await (logger as Record<Method, ((...args: unknown[]) => unknown) | undefined>)[method]?.(...args);
    } catch (error) {
      failed ??= { logger, error };
    }
  }
  if (failed) throw failure(failed.logger, method, failed.error);
}

function failure({ constructor, name }: Logger, method: Method, error: unknown): ContractError {
  const who = [constructor.name === 'Object' ? 'A logger' : constructor.name, name && `(${name})`].filter(Boolean);
  return new ContractError(
    StrobeError.compose(`${who.join(' ')} failed in ${method}.`, {
      expected: `${method} to write what it was given`,
      received: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      hint: "mend the cause, or leave the logger out of the Trainer's option logger",
    }),
    { cause: error },
  );
}
