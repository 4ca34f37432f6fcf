/** What the calls of a trainer take besides the module and the data. */
import { z } from 'zod';

/** An AbortSignal, of whatever making. */
const isSignal = (value: unknown): value is AbortSignal =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as AbortSignal).aborted === 'boolean' &&
  typeof (value as AbortSignal).addEventListener === 'function';

export const signal = z.custom<AbortSignal>(isSignal, { error: 'an AbortSignal: that of an AbortController' });

export const fitSchema = z.strictObject({
  /** Go on from this checkpoint: a path, `best` or `last`. */
  ckptPath: z.string().min(1).optional(),
  /** Aborting it interrupts the fit, which ends with the outcome `interrupted`. Without it Ctrl-C does. */
  signal: signal.optional(),
});

/** What validate, test and predict take, and fit, too. @interface */
export type FitOptions = z.input<typeof fitSchema>;

const MORE = { error: 'a whole number from 1 up: epochs to train from here' };

export const trainSchema = fitSchema.extend({
  /**
   * Train so many epochs from where the trainer stands, whatever `maxEpochs` and `maxSteps` say: the way to go on after a fit
   * has ended. Optimizers and schedulers of the fit before go on, too, if it trained this module.
   */
  epochs: z.int(MORE).min(1, MORE).optional(),
});

/** What fit takes. @interface */
export type TrainOptions = z.input<typeof trainSchema>;

export const saveSchema = z.strictObject({
  /** Leaves out everything but parameters, buffers and hyper-parameters. */
  weightsOnly: z.boolean().default(false),
});
