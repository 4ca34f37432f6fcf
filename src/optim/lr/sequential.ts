import { z } from 'zod';
import { CheckpointError, ConfigurationError, describe, StrobeError } from '../../errors.js';
import { atLeast, checkOptions } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { ScheduledLR } from './scheduled.js';
import { LRScheduler, type SchedulerState } from './scheduler.js';

/** What SequentialLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface SequentialLROptions {
  /** The schedulers in order, all made for the same optimizer. */
  schedulers: LRScheduler[];
  /** The steps at which the next one takes over, from its own beginning: one fewer than schedulers. */
  milestones: number[];
}

const schema = z
  .strictObject({
    schedulers: z
      .array(
        z.custom<ScheduledLR>(
          (value) => value instanceof ScheduledLR,
          'schedulers that watch no metric and are no sequence',
        ),
        'an array of schedulers',
      )
      .min(1, 'at least one scheduler'),
    milestones: z.array(atLeast(0), 'an array of whole numbers'),
  })
  .refine(({ schedulers, milestones }) => milestones.length === schedulers.length - 1, {
    path: ['milestones'],
    message: 'one milestone fewer than schedulers',
  })
  .refine(({ milestones }) => milestones.every((milestone, i) => milestone >= (milestones[i - 1] ?? 0)), {
    path: ['milestones'],
    message: 'milestones in rising order',
  });

const sequentialState = z.strictObject({
  lastEpoch: z.int().min(0),
  lastLr: z.array(z.number()),
  schedulers: z.array(z.record(z.string(), z.unknown())),
});

/** One scheduler after another. Each starts at its milestone, from the learning rate before any schedule. */
export class SequentialLR extends LRScheduler {
  readonly #schedulers: ScheduledLR[];
  readonly #milestones: number[];

  constructor(optimizer: Optimizer, options: SequentialLROptions) {
    super(optimizer);
    const { schedulers, milestones } = checkOptions('SequentialLR', schema, options);
    schedulers.forEach((scheduler, i) => checkOwner(optimizer, scheduler, i));
    this.#schedulers = schedulers;
    this.#milestones = milestones;
    // The schedulers have each taken their first step on the optimizer: begin again, with the first of them.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr as number;
    for (const scheduler of schedulers) scheduler.suspend();
    this.#active.restart('current');
    this.lastLr = this.#active.getLastLr();
  }

  step(): void {
    this.lastEpoch += 1;
    if (this.#milestones.includes(this.lastEpoch)) this.#active.restart('base');
    else this.#active.step();
    this.lastLr = this.#active.getLastLr();
  }

  stateDict(): SchedulerState {
    return {
      lastEpoch: this.lastEpoch,
      lastLr: [...this.lastLr],
      schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, lastLr, schedulers } = this.checkState(sequentialState, state);
    if (schedulers.length !== this.#schedulers.length) {
      throw new CheckpointError(
        StrobeError.compose('SequentialLR: the saved state does not fit', {
          expected: `the states of ${this.#schedulers.length} schedulers`,
          received: `${schedulers.length}`,
          hint: 'load it into a sequence of the same schedulers.',
        }),
      );
    }
    this.#schedulers.forEach((scheduler, i) => scheduler.loadStateDict(schedulers[i] as SchedulerState));
    this.lastEpoch = lastEpoch;
    this.lastLr = lastLr;
  }

  get #active(): ScheduledLR {
    return this.#schedulers[this.#milestones.filter((milestone) => milestone <= this.lastEpoch).length] as ScheduledLR;
  }
}

function checkOwner(optimizer: Optimizer, scheduler: LRScheduler, index: number): void {
  if (scheduler.optimizer === optimizer) return;
  throw new ConfigurationError(
    StrobeError.compose(`SequentialLR: scheduler ${index} belongs to another optimizer`, {
      expected: "the sequence's own optimizer in every scheduler",
      received: `${describe(scheduler)} of ${describe(scheduler.optimizer)}`,
      hint: 'make all of them, and the sequence, with the same optimizer.',
    }),
  );
}
