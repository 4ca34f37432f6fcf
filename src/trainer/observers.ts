import { CSVLogger } from '../loggers/csv.js';
import type { Logger } from '../loggers/logger.js';
import { AdvancedProfiler, SimpleProfiler, type Profiler } from '../profilers/index.js';
import type { ResolvedOptions } from './options.js';

/** The profiler that the options ask for. */
export function profilerOf({ profiler }: ResolvedOptions): Profiler | undefined {
  if (profiler === 'simple') return new SimpleProfiler();
  return profiler === 'advanced' ? new AdvancedProfiler() : profiler;
}

/** The loggers that the options ask for. */
export function loggersOf({ logger, defaultRootDir }: ResolvedOptions): Logger[] {
  if (logger === false) return [];
  if (logger === true) return [new CSVLogger({ saveDir: defaultRootDir })];
  return Array.isArray(logger) ? logger : [logger];
}
