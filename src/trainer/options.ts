import { z } from 'zod';
import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { expected } from '../expected.js';
import type { Logger } from '../loggers/logger.js';
import { Profiler } from '../profilers/index.js';
import { Callback } from './callback.js';
import { milliseconds, type Duration } from './duration.js';

const count = z.int().min(0);
const positive = z.int().min(1);

/** An integer is a number of batches (1 is one batch), a number below 1 a share of them. */
const limit = z
  .number()
  .min(0)
  .refine((value) => Number.isInteger(value) || value < 1, {
    error: 'a whole number of batches, or a fraction between 0 and 1; leave it out for all',
  })
  .describe('a whole number of batches, or a fraction between 0 and 1');

/** A time that is not a plain number: that would be a count. */
const duration = z
  .custom<Exclude<Duration, number>>(
    (value) => {
      if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return false;
      return milliseconds(value, 'valCheckInterval') > 0;
    },
    { error: 'a count, a fraction, or a time' },
  )
  .describe("a time such as '00:00:15:00'");

const isLogger = (value: unknown): value is Logger =>
  typeof value === 'object' && value !== null && typeof (value as Logger).logMetrics === 'function';
const logger = z.custom<Logger>(isLogger, { error: 'an object with logMetrics(metrics, step)' });

const schema = z.strictObject({
  /** Stop after this many epochs; -1 never. Default: 1000, or -1 when maxSteps or a time is given. */
  maxEpochs: z.int().min(-1).optional(),
  /** Go on at least this long, whoever asks to stop. */
  minEpochs: count.optional(),
  /** Stop after this many optimizer steps; -1 never. */
  maxSteps: z.int().min(-1).default(-1),
  /** Go on for at least so many optimizer steps, whoever asks to stop. */
  minSteps: count.optional(),
  /** Stop after this much time: `DD:HH:MM:SS`, milliseconds, or a record such as { hours: 12 }. Adds a Timer. */
  maxTime: z.custom<Duration>((value) => milliseconds(value, 'maxTime') >= 0).optional(),
  /** Train on so many batches of an epoch (a whole number), or on such a share of them (below 1). Default: all. */
  limitTrainBatches: limit.optional(),
  /** The same for validation. 0: none. */
  limitValBatches: limit.optional(),
  /** The same for tests. */
  limitTestBatches: limit.optional(),
  /** The same for predictions. */
  limitPredictBatches: limit.optional(),
  /** Train and validate on the same few batches, unshuffled: a model that cannot learn these cannot learn. */
  overfitBatches: limit.optional(),
  /** Run n batches (true: 1) of each loop once, with no loggers and checkpoints: does it run at all? */
  fastDevRun: z.union([z.boolean(), count]).default(false),
  /**
   * Validate every so many batches (integer), after such a share of an epoch (fraction), or when so much time has passed
   * (`'00:00:15:00'` or `{ minutes: 15 }`). Default: at each epoch's end.
   */
  valCheckInterval: z
    .union([
      limit.refine((value) => value > 0, { error: 'more than 0: limitValBatches: 0 is no validation' }),
      duration,
    ])
    .optional(),
  /** null: valCheckInterval counts batches across epochs. */
  checkValEveryNEpoch: positive.nullable().default(1),
  /** Validation batches tried before training starts; -1 all, 0 none. */
  numSanityValSteps: z.int().min(-1).default(2),
  /** Step metrics go to the loggers every so many steps; 0 never. */
  logEveryNSteps: count.default(50),
  /** Batches whose gradients are averaged before each update. */
  accumulateGradBatches: positive.default(1),
  /** Gradients are clipped to this norm, or value. Default: not at all. */
  gradientClipVal: z.number().min(0).optional(),
  /** Look at what every operation computes, and name the first one that makes NaN or infinity. Slow. */
  detectAnomaly: z.boolean().default(false),
  /**
   * Compute steps that are known from the last few without calling `trainingStep` again, on engines that can: the same
   * bits, sooner. false for a step with effects that are not to be seen in its source. See docs/replay.md.
   */
  replay: z.boolean().default(true),
  /** By the norm of all gradients together, or each value by itself. */
  gradientClipAlgorithm: z.enum(['norm', 'value']).default('norm'),
  /** In this order, before the defaults that the other options add; checkpoints go last. */
  callbacks: z.array(z.instanceof(Callback, { error: 'a Callback' })).default([]),
  /** true: a CSVLogger in defaultRootDir; false: none. */
  logger: z.union([z.boolean(), logger, z.array(logger)]).default(true),
  /** Add a ModelCheckpoint if there is none. */
  enableCheckpointing: z.boolean().default(true),
  /** Add a ProgressBar if there is none. */
  enableProgressBar: z.boolean().default(true),
  /** Add a ModelSummary if there is none. */
  enableModelSummary: z.boolean().default(true),
  /** Folder for logs and checkpoints that have no other. Default: where the process was started. */
  defaultRootDir: z
    .string()
    .min(1)
    .default(() => process.cwd()),
  /** Ask for new training loaders every n epochs; 0 never. */
  reloadDataloadersEveryNEpochs: count.default(0),
  /** Measure where the time goes: `simple` by action, `advanced` by function, or a profiler of your own. Default: none. */
  profiler: z
    .union([z.enum(['simple', 'advanced']), z.instanceof(Profiler)], { error: "'simple', 'advanced' or a Profiler" })
    .optional(),
  /** Measure bare speed: no logging, checkpoints, progress or summary. */
  barebones: z.boolean().default(false),
  /** Fixes every random draw of the run. Default: drawn once, and saved with every checkpoint. */
  seed: count.optional(),
  /** How many processes train together: this one. */
  strategy: z.enum(['auto', 'single']).default('auto'),
  /** The engine; `auto`: the fastest that works here. It is started with the first call. */
  backend: z.enum(['auto', 'gpu', 'onnx', 'native', 'wasm', 'cpu']).default('auto'),
});

/** What each option may be. */
export const optionSchemas = schema.shape;

/** What Trainer takes. @interface */
export type TrainerOptions = z.input<typeof schema>;
export type ResolvedOptions = z.output<typeof schema>;

/** Checks the options and fills in defaults; refuses what contradicts itself. */
export function resolveOptions(options: TrainerOptions): ResolvedOptions {
  const parsed = schema.safeParse(options, { error: expected });
  if (!parsed.success) throw invalid(options, parsed.error.issues);
  const resolved = parsed.data;
  refuseConflicts(options, resolved);
  if (resolved.fastDevRun !== false) return forFastDevRun(resolved);
  if (resolved.barebones) return { ...resolved, ...BAREBONES };
  return resolved;
}

/** What barebones switches off; asking for one of these at the same time is a contradiction. */
const BAREBONES = {
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
  numSanityValSteps: 0,
  logEveryNSteps: 0,
  fastDevRun: false,
  profiler: undefined,
} as const;

function refuseConflicts(given: TrainerOptions, resolved: ResolvedOptions): void {
  if (resolved.barebones) {
    const asked = Object.entries(BAREBONES).filter(([key, off]) => {
      const value = given[key as keyof TrainerOptions];
      return value !== undefined && value !== off;
    });
    if (asked.length > 0) {
      throw conflict(
        'barebones: true',
        `${asked.map(([key]) => key).join(', ')} left out`,
        asked.map(([key]) => key),
      );
    }
  }
  if (
    resolved.overfitBatches !== undefined &&
    (given.limitTrainBatches !== undefined || given.limitValBatches !== undefined)
  ) {
    throw conflict('overfitBatches', 'limitTrainBatches and limitValBatches left out', [
      'overfitBatches',
      'limit...Batches',
    ]);
  }
  const { minEpochs = 0, maxEpochs = -1 } = resolved;
  if (maxEpochs >= 0 && minEpochs > maxEpochs) {
    throw conflict(`minEpochs: ${minEpochs}`, `at most maxEpochs (${maxEpochs})`, ['minEpochs above maxEpochs']);
  }
}

function forFastDevRun(resolved: ResolvedOptions): ResolvedOptions {
  const batches = resolved.fastDevRun === true ? 1 : Number(resolved.fastDevRun);
  if (batches === 0) return { ...resolved, fastDevRun: false };
  const { valCheckInterval: _once, overfitBatches: _all, ...rest } = resolved;
  return {
    ...rest,
    maxEpochs: 1,
    maxSteps: batches,
    numSanityValSteps: 0,
    checkValEveryNEpoch: 1,
    limitTrainBatches: batches,
    limitValBatches: batches,
    limitTestBatches: batches,
    limitPredictBatches: batches,
    logger: false,
  };
}

function conflict(what: string, expected: string, received: string[]): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`new Trainer: ${what} contradicts other options.`, {
      expected,
      received: received.join(', '),
      hint: 'leave out one of the two',
    }),
  );
}

function invalid(options: unknown, issues: z.core.$ZodIssue[]): ConfigurationError {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys') {
    const allowed = Object.keys(schema.shape);
    return new ConfigurationError(
      StrobeError.compose(`new Trainer: there is no option called ${issue.keys.join(', ')}.`, {
        expected: allowed.join(', '),
        received: issue.keys.join(', '),
        hint: 'check the spelling',
      }),
    );
  }
  const path = issue?.path ?? [];
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], options);
  return new ConfigurationError(
    StrobeError.compose(`new Trainer: wrong value for ${path.join('.') || 'the options'}.`, {
      expected: issue?.message ?? 'a record of options',
      received: describe(value),
      hint: 'see the trainer options in docs/trainer.md',
    }),
  );
}
