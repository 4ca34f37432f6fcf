import type { z } from 'zod';
import { CheckpointError, ConfigurationError, ContractError, describe, StrobeError } from '../../errors.js';
import { Optimizer } from '../optimizer.js';

/** A scheduler's state: plain JSON. */
export type SchedulerState = Record<string, unknown>;

/** Changes an optimizer's learning rates as training goes on. */
export abstract class LRScheduler {
  /** Whose learning rates it sets. */
  readonly optimizer: Optimizer;
  /** How often it was stepped. */
  lastEpoch = 0;
  /** The rates it has set last, one for each group. */
  protected lastLr: number[];

  constructor(optimizer: Optimizer) {
    if (!(optimizer instanceof Optimizer)) {
      throw new ConfigurationError(
        StrobeError.compose(`${new.target.name} needs an optimizer`, {
          expected: 'an optimizer as the first argument',
          received: describe(optimizer),
          hint: `write new ${new.target.name}(optimizer, { ... }).`,
        }),
      );
    }
    this.optimizer = optimizer;
    this.lastLr = optimizer.paramGroups.map((group) => group.lr);
  }

  /** Sets the next learning rates. Only a scheduler that watches a metric takes one. */
  abstract step(metric?: number): void;

  /** All it needs to go on from here, as plain data. */
  abstract stateDict(): SchedulerState;

  /**
   * Goes on from a state exactly. The learning rates themselves are the optimizer's state.
   *
   * @throws CheckpointError if the state is not one of this kind of scheduler.
   */
  abstract loadStateDict(state: SchedulerState): void;

  /** The learning rates it set last, one per parameter group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** Writes the groups' learning rates: all of them, or on an error none. */
  protected setLrs(lrs: number[]): void {
    const wrong = lrs.findIndex((lr) => !Number.isFinite(lr));
    if (wrong >= 0) {
      throw new ContractError(
        StrobeError.compose(`${this.constructor.name} has no learning rate for parameter group ${wrong}`, {
          expected: 'a finite number',
          received: describe(lrs[wrong]),
          hint: "check what the schedule is computed from: its functions' results and the group's learning rate.",
        }),
      );
    }
    this.optimizer.paramGroups.forEach((group, i) => (group.lr = lrs[i] as number));
    this.lastLr = lrs;
  }

  /**
   * The state, checked.
   *
   * @throws CheckpointError if it is not what the schema describes
   */
  protected checkState<T>(schema: z.ZodType<T>, state: SchedulerState): T {
    const result = schema.safeParse(state);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new CheckpointError(
      StrobeError.compose(`${this.constructor.name}: the saved state does not fit`, {
        expected: `what stateDict() of a ${this.constructor.name} gives`,
        received: `${describe(state)} (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
        hint: 'load it into a scheduler of the same kind.',
      }),
    );
  }
}

/** Reads, for a group, an option that is one value for all or a list of one per group. */
export function eachGroup<T>(
  owner: string,
  option: string,
  value: T | T[],
  { paramGroups }: Optimizer,
): (group: number) => T {
  const misfit = (values: T[]) =>
    new ConfigurationError(
      StrobeError.compose(`${owner}: option '${option}' does not fit the optimizer`, {
        expected: `one value, or ${paramGroups.length}: one per parameter group`,
        received: `${values.length} values`,
        hint: 'give one value to use it for every group, also for those added later.',
      }),
    );
  if (!Array.isArray(value)) return () => value;
  if (value.length !== paramGroups.length) throw misfit(value);
  return (group) => {
    if (group >= value.length) throw misfit(value);
    return value[group] as T;
  };
}
