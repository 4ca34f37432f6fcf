import { ContractError, describe, StrobeError } from '../errors.js';
import { HOOK_NAMES } from '../trainer/hooks.js';
import type { History } from './history.js';
import type { JournalEntry } from './journal.js';
import type { SettingPath } from './settings.js';

/** What a run says when it cannot do what it is asked. */
export function neverThere({ position }: JournalEntry): ContractError {
  return new ContractError(
    StrobeError.compose('The journal has a change at a place that this run did not come to.', {
      expected: "a run that goes the way of the journal's",
      received: `no ${position.hook} at step ${position.globalStep}`,
      hint: 'replay it on a fresh run of the same seed, data and settings',
    }),
  );
}

export function outOfReach(history: History, to: unknown): ContractError {
  const { from, to: newest, bytes, limitBytes } = history.extent;
  const kept = from < 0 ? 'nothing yet' : `steps ${from} to ${newest} (${(bytes / 2 ** 20).toFixed(1)} MiB)`;
  return new ContractError(
    StrobeError.compose('The run cannot go back that far.', {
      expected: `a point it remembers: ${kept}`,
      received: JSON.stringify(to),
      hint: `keep more with trainer.run(model, data, { history: { limitBytes: ${Math.max(limitBytes, 1) * 4} } })`,
    }),
  );
}

export function notThereYet(): ContractError {
  return new ContractError(
    StrobeError.compose('This run has not yet read the checkpoint that it goes on from.', {
      expected: 'a run that stands where the checkpoint was saved',
      received: 'one that nobody has advanced',
      hint: 'await run.next() first',
    }),
  );
}

export function notBack(to: unknown, globalStep: number, epoch: number): ContractError {
  return new ContractError(
    StrobeError.compose('That is no way back.', {
      expected: `so many steps from 0 up, { step } from 0 to ${globalStep}, or { epoch } from 0 to ${epoch}, in whole numbers`,
      received: typeof to === 'object' && to !== null ? JSON.stringify(to) : describe(to),
      hint: 'go on with step, epoch or until; come back to a snapshot with restore',
    }),
  );
}

export function noSuchHook(hook: unknown): ContractError {
  return new ContractError(
    StrobeError.compose('A run is asked for a hook that there is not.', {
      expected: HOOK_NAMES.join(', '),
      received: describe(hook),
      hint: 'check the spelling',
    }),
  );
}

export function over(what: string, outcome: string): ContractError {
  return new ContractError(
    StrobeError.compose(`This run is over: ${what} needs one that can go on.`, {
      expected: 'a run that is paused',
      received: `a run that is ${outcome}`,
      hint: 'begin a new run, from a checkpoint if there is one: trainer.run(model, data, { ckptPath })',
    }),
  );
}

export function failed(reason: string): ContractError {
  return new ContractError(
    StrobeError.compose('This run has failed and cannot go on.', {
      expected: 'a run that is paused',
      received: `a run that ended with: ${reason}`,
      hint: 'begin a new run, from a checkpoint if there is one: trainer.run(model, data, { ckptPath })',
    }),
  );
}

export function underWay(): ContractError {
  return new ContractError(
    StrobeError.compose('The run is under way.', {
      expected: 'one step, until, epoch or finish at a time',
      received: 'a second one before the first has come to its end',
      hint: 'await the first; in a hook, use the trainer: trainer.shouldStop = true, trainer.saveCheckpoint(path)',
    }),
  );
}

export function notWholeSteps(n: number): ContractError {
  return new ContractError(
    StrobeError.compose('A run can be advanced by whole steps only.', {
      expected: 'an integer from 1 up',
      received: String(n),
      hint: n < 0 ? 'use rewind to go back' : 'use next() to go on by a single hook',
    }),
  );
}

export function noSuchSetting(path: SettingPath): ContractError {
  return new ContractError(
    StrobeError.compose(`This run has no ${path.join('.')}.`, {
      expected: "a run of the same module, optimizers and callbacks as the journal's",
      received: `a change of ${path.join('.')}`,
      hint: 'set the run up as the first one was, or leave this entry out',
    }),
  );
}

export function missingCallbacks(keys: readonly unknown[]): ContractError {
  return new ContractError(
    StrobeError.compose('The journal has callbacks added that this run does not know.', {
      expected: 'each of them, made anew: a journal holds data only',
      received: `no ${keys.join(', no ')}`,
      hint: 'hand them over: run.replay(journal, { callbacks: [...] })',
    }),
  );
}
