import { z } from 'zod';
import { checkOptions } from '../callbacks/options.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import { configureOptimizers } from '../trainer/phases/setup.js';
import type { Session } from '../trainer/session.js';
import type { Trainer } from '../trainer/trainer.js';
import type { Attribute } from './attribute.js';
import { lrAttribute, sweepIn, sweepShape, type LRFinderResult, type Sweep } from './lr-finder.js';

const { numTraining, ...shape } = sweepShape;

const schema = z.strictObject({
  ...shape,
  /** Optimizer steps of the sweep. */
  numTrainingSteps: numTraining,
  /** Train with what was found: write it where the module keeps its learning rate, and into every parameter group. */
  updateAttr: z.boolean().default(true),
  /** The field that keeps the learning rate. Default: `lr`, then `learningRate`. */
  attrName: z.string().min(1).optional(),
});

export type LearningRateFinderOptions = z.input<typeof schema>;

/**
 * Finds a learning rate before a fit begins, which then goes with it: {@link lrFind} as a callback. A fit that goes on from a
 * checkpoint has the learning rates it had.
 */
export class LearningRateFinder extends Callback {
  /** What was found; undefined before, and after going on from a checkpoint. */
  optimalLr: LRFinderResult | undefined;
  readonly #sweep: Sweep;
  readonly #options: z.output<typeof schema>;
  #lr: number | undefined;
  /** From a checkpoint: nothing is to be looked for. */
  #known = false;

  constructor(options: LearningRateFinderOptions = {}) {
    super();
    this.#options = checkOptions('LearningRateFinder', schema, options);
    const { minLr, maxLr, mode, earlyStopThreshold, numTrainingSteps } = this.#options;
    this.#sweep = { minLr, maxLr, mode, earlyStopThreshold, numTraining: numTrainingSteps };
  }

  override get kind(): CallbackKind {
    return 'tuner';
  }

  override async onFitStart(trainer: Trainer): Promise<void> {
    const session = trainer.session as Session;
    const { updateAttr, attrName } = this.#options;
    const attribute = updateAttr ? lrAttribute(session, attrName, 'LearningRateFinder') : undefined;
    if (!this.#known) {
      this.optimalLr = await sweepIn(session, this.#sweep, 'LearningRateFinder');
      this.#lr = this.optimalLr.suggestion();
    }
    if (!attribute) return;
    if (this.#lr === undefined) trainer.warn('LearningRateFinder found nothing to suggest: the learning rate stays.');
    else train(session, attribute, this.#lr);
  }

  override teardown(): void {
    this.#known = false;
  }

  override stateDict(): { lr?: number } {
    return this.#lr === undefined ? {} : { lr: this.#lr };
  }

  override loadStateDict({ lr }: { lr?: number }): void {
    this.#lr = lr;
    this.#known = lr !== undefined;
  }
}

/** The optimizers are configured anew, so that schedulers begin with the new rate; groups that do not follow are set. */
function train(session: Session, attribute: Attribute, lr: number): void {
  const groups = () => session.optimizers.flatMap(({ paramGroups }) => paramGroups);
  const before = groups().map((group) => group.lr);
  attribute.value = lr;
  for (const optimizer of session.optimizers) optimizer.dispose();
  configureOptimizers(session);
  for (const [i, group] of groups().entries()) if (group.lr === before[i]) group.lr = lr;
}
