import { z } from 'zod';
import { checkOptions, func, perGroup } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR, type Moment } from './scheduled.js';
import { eachGroup } from './scheduler.js';

/** Factor of the initial learning rate after so many steps. */
export type LrLambda = (epoch: number) => number;

/** What LambdaLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface LambdaLROptions {
  /** One function, or one per parameter group. Functions are not part of the state. */
  lrLambda: LrLambda | LrLambda[];
}

const schema = z.strictObject({ lrLambda: perGroup(func<LrLambda>()) });

/** The initial learning rate times a function of the step. */
export class LambdaLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: LambdaLROptions) {
    const { lrLambda } = checkOptions('LambdaLR', schema, options);
    const lambda = eachGroup('LambdaLR', 'lrLambda', lrLambda, optimizer);
    const scale = ({ epoch, baseLr, group }: Moment) => baseLr * lambda(group)(epoch);
    super(optimizer, { start: scale, next: scale });
  }
}
