import { z } from 'zod';
import type { Optimizer } from '../optimizer.js';
import { setMomentum } from './momentum.js';
import { LRScheduler, type SchedulerState } from './scheduler.js';

/** Where a schedule stands, for one parameter group. */
export interface Moment {
  /** How often the scheduler was stepped. */
  epoch: number;
  /** The group's learning rate as it is: most schedules go on from it, so a change by hand stays in effect. */
  lr: number;
  /** The group's learning rate before any schedule. */
  baseLr: number;
  /** Index of the group. */
  group: number;
}

/** A schedule as pure functions of the moment. */
export interface Schedule {
  /** The learning rate at epoch 0. */
  start(moment: Moment): number;
  /** The learning rate at every later epoch. */
  next(moment: Moment): number;
  /** The momentum (or first beta) to go with it, for schedules that cycle it. */
  momentum?(moment: Moment): number;
}

const scheduledState = z.strictObject({
  lastEpoch: z.int().min(-1),
  lastLr: z.array(z.number()),
  baseLrs: z.array(z.number()),
});

/** A scheduler that follows a {@link Schedule}. Constructing it sets the first learning rates. */
export abstract class ScheduledLR extends LRScheduler {
  readonly #schedule: Schedule;
  #baseLrs: number[] = [];

  constructor(optimizer: Optimizer, schedule: Schedule) {
    super(optimizer);
    this.#schedule = schedule;
    this.#adoptGroups();
    this.#apply(
      0,
      optimizer.paramGroups.map((group) => group.lr),
    );
  }

  step(): void {
    this.#adoptGroups();
    this.#apply(
      this.lastEpoch + 1,
      this.optimizer.paramGroups.map((group) => group.lr),
    );
  }

  /** @internal Starts over at epoch 0: from the groups' learning rates as they are, or from the base ones. */
  restart(from: 'current' | 'base'): void {
    this.#adoptGroups();
    this.#apply(0, from === 'base' ? this.#baseLrs : this.optimizer.paramGroups.map((group) => group.lr));
  }

  /** @internal Back to before epoch 0, until {@link restart}. */
  suspend(): void {
    this.lastEpoch = -1;
  }

  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, lastLr: [...this.lastLr], baseLrs: [...this.#baseLrs] };
  }

  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, lastLr, baseLrs } = this.checkState(scheduledState, state);
    this.lastEpoch = lastEpoch;
    this.lastLr = lastLr;
    this.#baseLrs = baseLrs;
  }

  /** A group added under way joins with the learning rate it has. */
  #adoptGroups(): void {
    for (const group of this.optimizer.paramGroups.slice(this.#baseLrs.length)) {
      group.initialLr ??= group.lr;
      this.#baseLrs.push(group.initialLr);
    }
  }

  #apply(epoch: number, lrs: number[]): void {
    const { start, next, momentum } = this.#schedule;
    const moments = lrs.map((lr, group): Moment => ({ epoch, lr, baseLr: this.#baseLrs[group] as number, group }));
    this.setLrs(moments.map(epoch === 0 ? start : next));
    if (momentum) this.optimizer.paramGroups.forEach((group, i) => setMomentum(group, momentum(moments[i] as Moment)));
    this.lastEpoch = epoch;
  }
}
