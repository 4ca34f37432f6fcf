import { availableParallelism } from 'node:os';
import { ConfigurationError, describe } from '../../errors.js';

/** What the ONNX engine takes. */
export interface OnnxOptions {
  /** Name the backend is registered under. Default `'onnx'`. */
  name?: string;
  /**
   * Threads one kernel may use. Results are bit-identical for the same count, and may differ in the last bits between counts.
   * Default: the number of available processors, at most 8.
   */
  threads?: number;
  /** Compiled graphs kept ready; the least recently used is dropped. Default 32. */
  maxSessions?: number;
  /** Bytes of freed buffers kept for the next step. Default 256 MiB. */
  poolBytes?: number;
  /**
   * Let worker threads spin between the operators of a step instead of sleeping: a large step is 8 to 18 % faster where
   * nothing else wants the processors, and takes half as long again where something does. They sleep when nothing is
   * computed. Default false.
   */
  spinning?: boolean;
}

export type ResolvedOptions = Required<OnnxOptions>;

/** The number of available processors, at most 8: beyond that small graphs get slower. */
export function defaultThreads(): number {
  return Math.min(8, availableParallelism());
}

/** Fills in the defaults. @throws ConfigurationError for an option outside its range. */
export function resolveOptions(options: OnnxOptions = {}): ResolvedOptions {
  const resolved = {
    name: 'onnx',
    threads: defaultThreads(),
    maxSessions: 32,
    poolBytes: 256 * 1024 * 1024,
    spinning: false,
    ...options,
  };
  for (const [key, least] of [
    ['threads', 1],
    ['maxSessions', 1],
    ['poolBytes', 0],
  ] as const) {
    const value = resolved[key];
    if (Number.isInteger(value) && value >= least) continue;
    throw new ConfigurationError(
      ConfigurationError.compose(`The onnx engine's option '${key}' is wrong`, {
        expected: `a whole number, ${least} or more`,
        received: describe(value),
        hint: `leave '${key}' out to get the default`,
      }),
    );
  }
  return resolved;
}
