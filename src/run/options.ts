import { z } from 'zod';
import { signal } from '../trainer/calls.js';

const isHistory = (value: unknown): value is { limitBytes?: number | undefined } => {
  if (typeof value !== 'object' || value === null) return false;
  const { limitBytes = 0, ...rest } = value as { limitBytes?: unknown };
  return typeof limitBytes === 'number' && limitBytes >= 0 && Object.keys(rest).length === 0;
};

const schema = z.strictObject({
  /** Go on from this checkpoint, exactly where it was saved. */
  ckptPath: z.string().min(1).optional(),
  /** Aborting it interrupts the run: it ends with its end hooks. */
  signal: signal.optional(),
  /** Whether `signal` first saves a fit as `interrupted.ckpt`, as Ctrl-C does in `trainer.fit`. Default false. */
  saveOnInterrupt: z.boolean().optional(),
  /**
   * Whether the run pauses before an update whose gradients are NaN or infinite; it stands at `onBeforeOptimizerStep`, the
   * hook called, nothing updated. Going on from there applies them, if they were not mended. It is the first of
   * `breakpoints`; `next()` and `finish()` do without it. Default true.
   */
  guard: z.boolean().optional(),
  /**
   * What an error in a hook does is to leave the run paused before it, to be looked into, mended and tried again. True: an
   * error in `trainingStep` or the backward pass does so, too; false: that one ends the run as `failed`.
   * Default false. `finish()` ends the run on any error.
   */
  postMortem: z.boolean().optional(),
  /** How much to remember for `rewind`, in bytes. Default 64 MiB; 0 remembers nothing. */
  history: z
    .custom<{ limitBytes?: number }>(isHistory, { error: '{ limitBytes }: a number of bytes from 0 up' })
    .optional(),
});

/** How a run behaves, apart from what the Trainer says. @interface */
export type RunOptions = z.input<typeof schema>;

/** What trainer.run takes. */
export const runSchema = schema.extend({
  stage: z.enum(['fit', 'validate', 'test', 'predict']).default('fit'),
});
