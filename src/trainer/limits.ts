import { z } from 'zod';
import { Timer } from '../callbacks/timer.js';
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
  const { maxSteps, minSteps = 0, minEpochs = 0 } = options;
  const { maxEpochs = maxSteps === -1 && !isTimed(options) ? 1000 : -1 } = options;
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
function isTimed({ maxTime, callbacks }: ResolvedOptions): boolean {
  return (
    maxTime !== undefined || callbacks.some((callback) => callback instanceof Timer && callback.duration !== undefined)
  );
}

/** How long to train is for the trainer that goes on to say. */
const OWN_TO_EACH: ReadonlySet<string> = new Set(['maxEpochs', 'minEpochs', 'maxSteps', 'minSteps']);

/** What was set after the trainer was made; the rest is for the next trainer's own options to say. */
export function changed(now: Partial<Limits>, configured: Limits): Partial<Limits> {
  return Object.fromEntries(
    Object.entries(now).filter(([key, value]) => !OWN_TO_EACH.has(key) && value !== configured[key as keyof Limits]),
  );
}

/** What a limit may be set to: what the option of its name may be. */
export function limitSchema(name: string): z.ZodType | undefined {
  const schema = optionSchemas[name];
  // The option may be left out; as a limit it always says something.
  return OWN_TO_EACH.has(name) && schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
}
