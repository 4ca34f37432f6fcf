import { StrobeError } from '../errors.js';
import type { Logger } from './logger.js';

type Method =
  'logMetrics' | 'logHyperparams' | 'logGraph' | 'logHistogram' | 'afterSaveCheckpoint' | 'save' | 'finalize';

/**
 * Calls a method of every logger that has it. One that throws does not keep the others from being told.
 *
 * @throws StrobeError that names the first logger that threw, with what it threw as its cause
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

function failure({ constructor }: Logger, method: Method, cause: unknown): StrobeError {
  const name = constructor === Object ? 'a logger' : constructor.name;
  return new StrobeError(
    StrobeError.compose(`${method} of ${name} failed.`, {
      expected: 'a logger that can write',
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'see to its files or its service; the run can go on from its last checkpoint',
    }),
    { cause },
  );
}
