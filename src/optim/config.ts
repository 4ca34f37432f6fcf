import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { OneCycleLR } from './lr/one-cycle.js';
import { ReduceLROnPlateau } from './lr/reduce-on-plateau.js';
import { LRScheduler } from './lr/scheduler.js';
import { Optimizer } from './optimizer.js';

/** A scheduler and when to step it. */
export interface SchedulerOptions {
  /** What sets the learning rates. */
  scheduler: LRScheduler;
  /** Step it after epochs or after optimizer steps. Default 'epoch'. */
  interval?: 'epoch' | 'step' | undefined;
  /** Step it every so many epochs or batches; batches are counted inside the epoch. Default 1. */
  frequency?: number | undefined;
  /** The logged metric it watches; needed by ReduceLROnPlateau. */
  monitor?: string | undefined;
  /** When the metric was not logged: an error, or (false) a warning and no step. Default true. */
  strict?: boolean | undefined;
  /** What its learning rate is logged as. */
  name?: string | undefined;
  /** Step it with the monitored metric. Default: true for ReduceLROnPlateau. */
  reduceOnPlateau?: boolean | undefined;
}

/** One optimizer with its scheduler. */
export interface ScheduledOptimizer {
  /** What updates the parameters. */
  optimizer: Optimizer;
  /** Its scheduler, alone or with when to step it. */
  lrScheduler?: LRScheduler | SchedulerOptions | undefined;
  /** The metric a ReduceLROnPlateau given without options watches. */
  monitor?: string | undefined;
}

/** Several optimizers and schedulers side by side. */
export interface ScheduledOptimizers {
  /** All optimizers. */
  optimizers: Optimizer[];
  /** Their schedulers, alone or with when to step them. */
  lrSchedulers?: (LRScheduler | SchedulerOptions)[] | undefined;
}

/** What a module's `configureOptimizers` may return. Nothing at all means: train without an optimizer. */
export type OptimizerConfig =
  Optimizer | Optimizer[] | ScheduledOptimizer | ScheduledOptimizer[] | ScheduledOptimizers | null | undefined;

/** {@link SchedulerOptions} with every default filled in. */
export interface SchedulerConfig {
  /** What sets the learning rates. */
  scheduler: LRScheduler;
  /** Stepped after epochs or after optimizer steps. */
  interval: 'epoch' | 'step';
  /** Stepped every so many of these. */
  frequency: number;
  /** The logged metric it watches. */
  monitor?: string;
  /** Whether a metric that was not logged is an error. */
  strict: boolean;
  /** What its learning rate is logged as. */
  name?: string;
  /** Whether it is stepped with the monitored metric. */
  reduceOnPlateau: boolean;
}

/** What `configureOptimizers` returned, in one form. */
export interface NormalizedOptimizers {
  /** All optimizers. */
  optimizers: Optimizer[];
  /** All schedulers, with every default filled in. */
  schedulers: SchedulerConfig[];
  /** Things that work, but are probably not meant. */
  warnings: string[];
}

/** What normalizeOptimizers takes. */
export interface NormalizeOptions {
  /** False when the module steps its schedulers itself: then nothing about their timing is needed. Default true. */
  automatic?: boolean;
}

/**
 * Everything `configureOptimizers` may return, in one form.
 *
 * @throws ConfigurationError for anything else, for a ReduceLROnPlateau without a metric to monitor, and for a scheduler
 * of an optimizer that is not among those returned.
 */
export function normalizeOptimizers(
  config: OptimizerConfig,
  { automatic = true }: NormalizeOptions = {},
): NormalizedOptimizers {
  const warnings: string[] = [];
  const entries = entriesOf(config, warnings);
  const optimizers = entries.flatMap((entry) => entry.optimizers);
  for (const optimizer of optimizers) {
    if (!(optimizer instanceof Optimizer)) throw misconfigured('an optimizer', describe(optimizer));
  }
  if (optimizers.length === 0) {
    warnings.push('configureOptimizers returned no optimizer: the fit runs without one and updates no parameter.');
  }
  const schedulers = entries.flatMap(({ lrSchedulers, monitor }) =>
    lrSchedulers.map((given) => {
      const options = given instanceof LRScheduler ? { scheduler: given, monitor } : given;
      const complete = completeScheduler(options, warnings);
      checkAttached(complete.scheduler, optimizers);
      if (automatic) checkTiming(complete, warnings);
      else warnAboutIgnoredTiming(options, warnings);
      return complete;
    }),
  );
  return { optimizers, schedulers, warnings };
}

interface Entry {
  optimizers: Optimizer[];
  lrSchedulers: (LRScheduler | SchedulerOptions)[];
  monitor?: string | undefined;
}

function entriesOf(config: OptimizerConfig, warnings: string[]): Entry[] {
  if (config === null || config === undefined) return [];
  if (Array.isArray(config)) return config.flatMap((entry) => entriesOf(entry, warnings));
  if (config instanceof Optimizer) return [{ optimizers: [config], lrSchedulers: [] }];
  // A scheduler has an optimizer, too, but is no entry with one.
  if (typeof config === 'object' && 'optimizer' in config && !((config as object) instanceof LRScheduler)) {
    warnAboutUnknown('configureOptimizers', config, ['optimizer', 'lrScheduler', 'monitor'], warnings);
    const { optimizer, lrScheduler, monitor } = config;
    return [{ optimizers: [optimizer], lrSchedulers: lrScheduler ? [lrScheduler] : [], monitor }];
  }
  if (typeof config === 'object' && 'optimizers' in config && Array.isArray(config.optimizers)) {
    warnAboutUnknown('configureOptimizers', config, ['optimizers', 'lrSchedulers'], warnings);
    const { optimizers, lrSchedulers = [] } = config;
    if (!Array.isArray(lrSchedulers)) throw misconfigured('lrSchedulers, an array', describe(lrSchedulers));
    return [{ optimizers, lrSchedulers }];
  }
  throw misconfigured(
    'an optimizer, an array of them, { optimizer, lrScheduler } or { optimizers: [...], lrSchedulers: [...] }',
    describe(config),
  );
}

const schedulerKeys = ['scheduler', 'interval', 'frequency', 'monitor', 'strict', 'name', 'reduceOnPlateau'];

function completeScheduler(options: SchedulerOptions, warnings: string[]): SchedulerConfig {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null || !('scheduler' in given)) {
    throw misconfigured('a scheduler, or { scheduler, interval, frequency, ... }', describe(given));
  }
  warnAboutUnknown('a scheduler in configureOptimizers', options, schedulerKeys, warnings);
  const { scheduler, interval = 'epoch', frequency = 1, monitor, strict = true, name } = options;
  if (!(scheduler instanceof LRScheduler)) throw misconfigured('scheduler: an LRScheduler', describe(scheduler));
  if (interval !== 'epoch' && interval !== 'step')
    throw misconfigured("interval: 'epoch' or 'step'", describe(interval));
  if (!Number.isInteger(frequency) || frequency < 1) {
    throw misconfigured('frequency: a whole number of at least 1', describe(frequency));
  }
  const { reduceOnPlateau = scheduler instanceof ReduceLROnPlateau } = options;
  return {
    scheduler,
    interval,
    frequency,
    ...(monitor === undefined ? {} : { monitor }),
    strict,
    ...(name === undefined ? {} : { name }),
    reduceOnPlateau,
  };
}

function checkAttached(scheduler: LRScheduler, optimizers: Optimizer[]): void {
  if (optimizers.includes(scheduler.optimizer)) return;
  throw misconfigured(
    'the optimizer of every scheduler among those returned',
    `${describe(scheduler)} of ${describe(scheduler.optimizer)}, which was not returned`,
  );
}

function checkTiming({ scheduler, interval, monitor, reduceOnPlateau }: SchedulerConfig, warnings: string[]): void {
  if (reduceOnPlateau && monitor === undefined) {
    throw misconfigured("monitor: the metric a ReduceLROnPlateau watches, e.g. 'val_loss'", 'no monitor');
  }
  if (scheduler instanceof OneCycleLR && interval === 'epoch') {
    warnings.push("A OneCycleLR is stepped once per epoch. It is made for interval: 'step', after every batch.");
  }
}

function warnAboutIgnoredTiming(options: SchedulerOptions, warnings: string[]): void {
  const timing = ['interval', 'frequency', 'monitor', 'strict', 'reduceOnPlateau'] as const;
  const ignored = timing.filter((key) => options[key] !== undefined);
  if (ignored.length === 0) return;
  warnings.push(`With manual optimization you step the schedulers yourself: ${ignored.join(', ')} is ignored.`);
}

function warnAboutUnknown(where: string, options: object, known: string[], warnings: string[]): void {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  warnings.push(`Unknown in ${where}, and ignored: ${unknown.join(', ')}. Known are ${known.join(', ')}.`);
}

function misconfigured(expected: string, received: string): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('configureOptimizers returned something that cannot be used', {
      expected,
      received,
      hint: 'return { optimizer, lrScheduler: { scheduler, interval, frequency, monitor } }, or a part of it.',
    }),
  );
}
