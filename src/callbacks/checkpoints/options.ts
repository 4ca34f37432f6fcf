import { z } from 'zod';
import { ConfigurationError, StrobeError } from '../../errors.js';
import { milliseconds, type Duration } from '../../trainer/duration.js';
import { monitorMode } from '../monitor.js';
import { checkOptions } from '../options.js';
import { checkpointName } from './naming.js';
import { countTriggers, triggersOf, type Triggers } from './trigger.js';

const schema = z.strictObject({
  /**
   * Folder of the files; `~` is the home folder. Default: `checkpoints` in the logger's folder, else in
   * `defaultRootDir`.
   */
  dirpath: z.string().min(1).optional(),
  /**
   * Template of the names, such as `model-{epoch:02d}-{val_loss:.2f}`: formats are Python's, `/` makes folders, a
   * missing metric is 0. Default: `{epoch}-{step}`.
   */
  filename: z.string().optional(),
  /** The metric that ranks; `epoch` and `step` are always there. Default: none, the latest file is kept. */
  monitor: z.string().optional(),
  /** Whether lower or higher values of the metric are better. */
  mode: monitorMode.default('min'),
  /** Say what was saved, and what was not good enough. */
  verbose: z.boolean().default(false),
  /** Also write `last.ckpt` each time; `'link'` makes it a symbolic link to the latest file. */
  saveLast: z.union([z.boolean(), z.literal('link')], { error: "true, false or 'link'" }).default(false),
  /** How many of the best to keep: -1 all, 0 none. */
  saveTopK: z.int().min(-1).default(1),
  /** Also save when the run fails or is interrupted, under the plain name. */
  saveOnException: z.boolean().default(false),
  /** Only parameters and buffers: smaller, but a fit cannot go on from it. */
  saveWeightsOnly: z.boolean().default(false),
  /** Write `{x}` in names as `x=<value>`. */
  autoInsertMetricName: z.boolean().default(true),
  /** Save every so many optimizer steps. */
  everyNTrainSteps: z.int().min(0).optional(),
  /**
   * Save when so much training time has passed since the last checkpoint: `'00:01:30:00'`, `{ minutes: 30 }` or
   * milliseconds; 0 after every batch.
   */
  trainTimeInterval: z.custom<Duration>().optional(),
  /** Save every so many epochs; 0 never. Default: 1 without another trigger. */
  everyNEpochs: z.int().min(0).optional(),
  /** Save at the end of training epochs rather than of validations. Default: whether validations are epochs' ends. */
  saveOnTrainEpochEnd: z.boolean().optional(),
  /** Append `-v1`, `-v2` and so on where a name is taken. */
  enableVersionCounter: z.boolean().default(true),
});

/** What ModelCheckpoint takes. @interface */
export type ModelCheckpointOptions = z.input<typeof schema>;

export type CheckpointSettings = Omit<z.output<typeof schema>, keyof Triggers> & { triggers: Triggers };

/** Checks a ModelCheckpoint's options and fills in the defaults. */
export function checkpointSettings(options: ModelCheckpointOptions): CheckpointSettings {
  const given = checkOptions('ModelCheckpoint', schema, options);
  const { trainTimeInterval, ...rest } = given;
  const interval = trainTimeInterval === undefined ? undefined : milliseconds(trainTimeInterval, 'trainTimeInterval');
  const triggers = triggersOf({ ...rest, trainTimeInterval: interval });
  if (countTriggers(triggers) > 1) throw severalTriggers(options);
  if (given.monitor === undefined && given.saveTopK > 1) throw nothingToRank(given.saveTopK);
  // A format that is not known is said now, not when the first file is due.
  checkpointName(given.filename, {}, given);
  return { ...rest, triggers };
}

function severalTriggers(options: ModelCheckpointOptions): ConfigurationError {
  const given = ['everyNTrainSteps', 'everyNEpochs', 'trainTimeInterval'].filter((trigger) => trigger in options);
  return new ConfigurationError(
    StrobeError.compose('ModelCheckpoint has several triggers.', {
      expected: 'one of everyNTrainSteps, everyNEpochs and trainTimeInterval',
      received: given.join(', '),
      hint: 'leave the others out, or use one ModelCheckpoint for each',
    }),
  );
}

function nothingToRank(saveTopK: number): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`ModelCheckpoint cannot rank: saveTopK is ${saveTopK} and there is no monitor.`, {
      expected: 'a monitor, or saveTopK: -1 (all), 0 (none) or 1 (the latest)',
      received: `saveTopK: ${saveTopK} without a monitor`,
      hint: "add monitor: 'val_loss' or another metric that is logged",
    }),
  );
}
