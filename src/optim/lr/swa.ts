import { z } from 'zod';
import { atLeast, checkOptions, nonNegative, oneOf, perGroup } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR, type Moment } from './scheduled.js';
import { eachGroup } from './scheduler.js';

export interface SWALROptions {
  /** The learning rate to end at; one, or one per parameter group. */
  swaLr: number | number[];
  /** Steps until it is reached; 0 sets it at once. Default 10. */
  annealEpochs?: number;
  /** Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
}

const schema = z.strictObject({
  swaLr: perGroup(nonNegative()),
  annealEpochs: atLeast(0).default(10),
  annealStrategy: oneOf('cos', 'linear').default('cos'),
});

/**
 * From the learning rate as it is to that of stochastic weight averaging, where it stays.
 *
 * @internal The StochasticWeightAveraging callback's schedule.
 */
export class SWALR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: SWALROptions) {
    const { swaLr, annealEpochs, annealStrategy } = checkOptions('SWALR', schema, options);
    const target = eachGroup('SWALR', 'swaLr', swaLr, optimizer);
    /** How much of the way to the target is done after so many steps. */
    const progress = (step: number) => {
      const t = Math.max(0, Math.min(1, step / Math.max(1, annealEpochs)));
      return annealStrategy === 'cos' ? (1 - Math.cos(Math.PI * t)) / 2 : t;
    };
    const move = ({ epoch, lr, group }: Moment) => {
      const step = annealEpochs === 0 ? Math.max(1, epoch) : epoch;
      const before = progress(step - 1);
      const now = progress(step);
      const origin = before === 1 ? target(group) : (lr - before * target(group)) / (1 - before);
      return target(group) * now + origin * (1 - now);
    };
    super(optimizer, { start: move, next: move });
  }
}
