import { z } from 'zod';
import { checkOptions } from '../callbacks/options.js';
import { Timer } from '../callbacks/timer.js';
import type { Callback } from './callback.js';
import type { Duration } from './duration.js';
import { optionSchemas, type ResolvedOptions } from './options.js';

/** Settings of the loops that may be changed while they run. */
export interface Limits {
  /** Stop after so many epochs; -1: never. */
  maxEpochs: number;
  /** Go on at least so long, whoever asks to stop. */
  minEpochs: number;
  /** Stop after so many optimizer steps; -1: never. */
  maxSteps: number;
  /** Go on for at least so many optimizer steps. */
  minSteps: number;
  /** Batches of an epoch, or a share of them below 1; undefined: all. */
  limitTrainBatches: number | undefined;
  /** The same for validation. */
  limitValBatches: number | undefined;
  /** The same for tests. */
  limitTestBatches: number | undefined;
  /** The same for predictions. */
  limitPredictBatches: number | undefined;
  /** Validate after so many batches, such a share of an epoch, or so much time; undefined: at each epoch's end. */
  valCheckInterval: number | Exclude<Duration, number> | undefined;
  /** Validate in every so many epochs; null: `valCheckInterval` counts across epochs. */
  checkValEveryNEpoch: number | null;
  /** Batches whose gradients are averaged before each update. */
  accumulateGradBatches: number;
  /** Gradients are clipped to this norm, or value; undefined: not at all. */
  gradientClipVal: number | undefined;
  /** By the norm of all gradients together, or each value by itself. */
  gradientClipAlgorithm: 'norm' | 'value';
}

/** The limits that a trainer's options set. */
export function limitsOf(options: ResolvedOptions): Limits {
  const { maxSteps, minSteps = 0, minEpochs = 0, maxTime, callbacks } = options;
  // A Timer among the callbacks has the say, not maxTime.
  const hasTimer = callbacks.some((callback) => callback instanceof Timer);
  const ends = maxSteps !== -1 || (hasTimer ? isTimed(callbacks) : maxTime !== undefined);
  const { maxEpochs = ends ? -1 : 1000 } = options;
  return {
    maxEpochs,
    minEpochs,
    maxSteps,
    minSteps,
    limitTrainBatches: options.limitTrainBatches,
    limitValBatches: options.limitValBatches,
    limitTestBatches: options.limitTestBatches,
    limitPredictBatches: options.limitPredictBatches,
    valCheckInterval: options.valCheckInterval,
    checkValEveryNEpoch: options.checkValEveryNEpoch,
    accumulateGradBatches: options.accumulateGradBatches,
    gradientClipVal: options.gradientClipVal,
    gradientClipAlgorithm: options.gradientClipAlgorithm,
  };
}

/** Whether a clock ends the training. */
export function isTimed(callbacks: readonly Callback[]): boolean {
  return callbacks.some((callback) => callback instanceof Timer && callback.duration !== undefined);
}

/** How long to train is for the trainer that goes on to say. */
const OWN_TO_EACH: ReadonlySet<string> = new Set(['maxEpochs', 'minEpochs', 'maxSteps', 'minSteps']);

/** What was set after the trainer was made; the rest is for the next trainer's own options to say. */
export function changed(now: Partial<Limits>, configured: Limits): Partial<Limits> {
  return Object.fromEntries(
    Object.entries(now).filter(([key, value]) => !OWN_TO_EACH.has(key) && value !== configured[key as keyof Limits]),
  );
}

/** A limit may be what the option of its name may be. */
const schema = z.strictObject({
  maxEpochs: always(optionSchemas.maxEpochs),
  minEpochs: always(optionSchemas.minEpochs),
  maxSteps: always(optionSchemas.maxSteps),
  minSteps: always(optionSchemas.minSteps),
  limitTrainBatches: optionSchemas.limitTrainBatches,
  limitValBatches: optionSchemas.limitValBatches,
  limitTestBatches: optionSchemas.limitTestBatches,
  limitPredictBatches: optionSchemas.limitPredictBatches,
  valCheckInterval: optionSchemas.valCheckInterval,
  checkValEveryNEpoch: always(optionSchemas.checkValEveryNEpoch),
  accumulateGradBatches: always(optionSchemas.accumulateGradBatches),
  gradientClipVal: optionSchemas.gradientClipVal,
  gradientClipAlgorithm: always(optionSchemas.gradientClipAlgorithm),
} satisfies Record<keyof Limits, z.ZodType>);

/** Asking the limits themselves is slow, because they are guarded. */
export const limitNames = Object.keys(schema.shape) as readonly (keyof Limits)[];

/** The limits as plain data. */
export function plainLimits(limits: Limits): Limits {
  const plain: Record<string, unknown> = {};
  for (const name of limitNames) plain[name] = limits[name];
  return plain as unknown as Limits;
}

/** The option may be left out; as a limit it always says something. */
function always<T extends z.ZodType>(option: z.ZodOptional<T> | z.ZodDefault<T>): T {
  return option.unwrap();
}

/** What a limit may be set to; undefined if there is none of that name. */
export function limitSchema(name: string): z.ZodType | undefined {
  return Object.hasOwn(schema.shape, name) ? schema.shape[name as keyof Limits] : undefined;
}

/** The same limits as an object that takes no others, nor wrong values; what it refuses stays as it was. */
export function checkedLimits(limits: Limits): Limits {
  const check = (name: PropertyKey, value: unknown): unknown =>
    checkOptions('trainer.limits', schema, { ...limits, [name]: value });
  // Assignments of all kinds come down to these two.
  return new Proxy(limits, {
    defineProperty(target, name, descriptor) {
      check(name, descriptor.value);
      return Reflect.defineProperty(target, name, descriptor);
    },
    deleteProperty(target, name) {
      check(name, undefined);
      return Reflect.set(target, name, undefined);
    },
  });
}
