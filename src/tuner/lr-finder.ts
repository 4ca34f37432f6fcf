import { z } from 'zod';
import { checkOptions } from '../callbacks/options.js';
import { SHOW, type MimeBundle } from '../display/bundle.js';
import type { Figure } from '../display/figure/figure.js';
import { lrFinderPlot } from '../display/plots/lr-finder.js';
import { ContractError, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import type { Run } from '../run/run.js';
import type { DataInput } from '../trainer/data-connector.js';
import type { StepOutputs } from '../trainer/hooks.js';
import type { Session } from '../trainer/session.js';
import type { Trainer } from '../trainer/trainer.js';
import { apart, trial } from './apart.js';
import { Attribute } from './attribute.js';
import { suggestions, type SuggestionMethod } from './lr-suggestions.js';

export const sweepShape = {
  /** Where the sweep begins. */
  minLr: z.number().positive().default(1e-8),
  /** Where it ends. */
  maxLr: z.number().positive().default(1),
  /** Optimizer steps of the sweep. */
  numTraining: z.int().min(2).default(100),
  /** Whether learning rates rise by a factor or by a difference. */
  mode: z.enum(['exponential', 'linear']).default('exponential'),
  /** Stop when the smoothed loss is so many times the least one; null never. */
  earlyStopThreshold: z.number().positive().nullable().default(4),
};

const schema = z.strictObject({
  ...sweepShape,
  /** Write what is suggested where the module keeps its learning rate, and into every parameter group there is. */
  updateAttr: z.boolean().default(false),
  /** The field that keeps the learning rate. Default: `lr`, then `learningRate`. */
  attrName: z.string().min(1).optional(),
});

const METHODS = Object.keys(suggestions) as SuggestionMethod[];

/** What lrFind takes. @interface */
export type LRFindOptions = z.input<typeof schema>;
export type Sweep = Omit<z.output<typeof schema>, 'updateAttr' | 'attrName'>;

const suggestionSchema = z.strictObject({
  method: z.enum(METHODS).default('steepest'),
  skipBegin: z.int().min(0).default(10),
  skipEnd: z.int().min(0).default(1),
});

/** Weight of the past in the smoothed loss. */
const BETA = 0.98;

/** A sweep of learning rates, and the losses that came of it. */
export class LRFinderResult {
  /** The learning rates that were tried, rising. */
  readonly lrs: readonly number[];
  /** Smoothed: an exponential average without the bias of its beginning, `average / (1 - 0.98^k)`. */
  readonly losses: readonly number[];

  constructor(lrs: readonly number[], losses: readonly number[]) {
    this.lrs = lrs;
    this.losses = losses;
  }

  /**
   * A learning rate to train with; undefined if there are fewer than two finite losses to go by.
   *
   * @param options how it is read off the curve
   * @param options.method `steepest`: the steepest fall over the logarithm of the learning rate (default); `valley`, `minimum`
   *   and `slide` are fastai's
   * @param options.skipBegin points left out at the beginning, where the average is still noisy. Default 10.
   * @param options.skipEnd points left out at the end. Default 1.
   */
  suggestion(options: { method?: SuggestionMethod; skipBegin?: number; skipEnd?: number } = {}): number | undefined {
    const { method, skipBegin, skipEnd } = checkOptions('suggestion', suggestionSchema, options);
    const points = this.lrs
      .map((lr, i) => ({ lr, loss: this.losses[i] as number }))
      .slice(skipBegin, Math.max(skipBegin, this.lrs.length - skipEnd))
      .filter(({ loss }) => Number.isFinite(loss));
    if (points.length < 2) return undefined;
    const index = suggestions[method](
      points.map(({ lr }) => lr),
      points.map(({ loss }) => loss),
    );
    return points[index]?.lr;
  }

  /** Every method's suggestion. */
  get suggestions(): Record<string, number> {
    const all = METHODS.map((method) => [method, this.suggestion({ method })]);
    return Object.fromEntries(all.filter(([, lr]) => lr !== undefined)) as Record<string, number>;
  }

  /** The loss over the learning rate, suggestions marked. */
  plot(): Figure {
    return lrFinderPlot(this);
  }

  /** What a notebook shows: the same thing by MIME type. */
  [SHOW](): MimeBundle {
    return this.plot()[SHOW]();
  }
}

/**
 * Trains for a while with a learning rate that rises from step to step, and finds one to train with. All of it happens apart
 * from what the trainer and the module are: afterwards weights, counters and files are as they were.
 *
 * @throws ConfigurationError for options out of range, or if `updateAttr` finds nothing to write to; ContractError for a module
 *   with several optimizers
 */
export async function lrFind(
  trainer: Trainer,
  model: Module,
  data?: DataInput,
  options: LRFindOptions = {},
): Promise<LRFinderResult> {
  const { updateAttr, attrName, ...sweep } = checkOptions('lrFind', schema, options);
  const { attribute, result } = await apart(trainer, model, data, 'fit', async (session) => ({
    attribute: updateAttr ? lrAttribute(session, attrName, 'lrFind') : undefined,
    result: await sweepIn(session, sweep, 'lrFind'),
  }));
  const lr = result.suggestion();
  if (attribute && lr !== undefined) {
    attribute.value = lr;
    for (const optimizer of trainer.optimizers) optimizer.lr = lr;
  }
  return result;
}

/** Where a module keeps its learning rate. */
export function lrAttribute(session: Session, name: string | undefined, owner: string): Attribute {
  return new Attribute(session, name === undefined ? ['lr', 'learningRate'] : [name], owner);
}

/** The sweep, from where a session stands. */
export async function sweepIn(session: Session, sweep: Sweep, owner: string): Promise<LRFinderResult> {
  const { minLr, maxLr, numTraining, mode, earlyStopThreshold } = sweep;
  if (session.trainer.options.fastDevRun !== false) {
    session.trainer.warn(`${owner}: no learning rate is looked for in a fast development run.`);
    return new LRFinderResult([], []);
  }
  if (session.optimizers.length !== 1) throw oneOptimizer(owner, session.optimizers.length);
  const rate = (step: number): number => {
    const share = step / (numTraining - 1);
    return mode === 'linear' ? minLr + share * (maxLr - minLr) : minLr * (maxLr / minLr) ** share;
  };
  return trial(session, { maxSteps: numTraining }, async (run) => {
    const [lrs, losses]: [number[], number[]] = [[], []];
    let [average, averaged, least] = [0, 0, Infinity];
    let window: number[] = [];
    while (lrs.length < numTraining && (await run.until('onTrainBatchStart'))) {
      const { optimizers, lrSchedulers } = run.trainer;
      lrSchedulers.splice(0);
      for (const optimizer of optimizers) optimizer.lr = rate(lrs.length);
      const steps = run.trainer.globalStep;
      const event = await untilEndOf(run);
      if (!event) break;
      const [loss] = (event.outputs as StepOutputs).loss?.dataSync() ?? [];
      if (loss !== undefined) window.push(loss);
      const stepped = run.trainer.globalStep > steps;
      // Of the batches whose gradients were added up for an update, the mean counts.
      if (!stepped && window.length > 0) continue;
      lrs.push(rate(lrs.length));
      if (!stepped) {
        losses.push(NaN); // The module passed over the batch.
        continue;
      }
      const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
      window = [];
      average = BETA * average + (1 - BETA) * mean;
      const smooth = average / (1 - BETA ** ++averaged);
      losses.push(smooth);
      if (earlyStopThreshold !== null && averaged > 1 && smooth > earlyStopThreshold * least) break;
      if (smooth < least) least = smooth;
    }
    return new LRFinderResult(lrs, losses);
  });
}

/** The end of the batch at hand; undefined if its loss was no number any more: the sweep has gone far enough. */
async function untilEndOf(run: Run) {
  try {
    return await run.until('onTrainBatchEnd');
  } catch (error) {
    if (error instanceof ContractError && /The loss of step/.test(error.message)) return undefined;
    throw error;
  }
}

function oneOptimizer(owner: string, count: number): ContractError {
  return new ContractError(
    StrobeError.compose(`${owner} only works with single optimizers.`, {
      expected: '1 optimizer',
      received: String(count),
      hint: 'sweep each network in a module of its own',
    }),
  );
}
