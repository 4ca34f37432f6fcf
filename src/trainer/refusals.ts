import { ConfigurationError, ContractError, describe, StrobeError } from '../errors.js';
import type { Stage } from './hooks.js';

/** What a trainer says when it cannot do what it is asked. */
export function notAModule(stage: Stage, model: unknown): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`trainer.${stage} takes a module first.`, {
      expected: 'an instance of a class that extends Module',
      received: describe(model),
      hint: 'wrap a tfjs model in a Module with a trainingStep; see the README for an example',
    }),
  );
}

export function busy(): ContractError {
  return new ContractError(
    StrobeError.compose('This trainer is running already.', {
      expected: 'one fit, validate, test or predict at a time',
      received: 'a second one before the first has ended',
      hint: 'await the first, pause or stop its run, or make another Trainer',
    }),
  );
}

export function nothingToSave(): ContractError {
  return new ContractError(
    StrobeError.compose('There is nothing to save yet.', {
      expected: 'a trainer that has been given a module',
      received: 'a new trainer',
      hint: 'call trainer.fit(model, data) first',
    }),
  );
}

export function insideManualStep(): ContractError {
  return new ContractError(
    StrobeError.compose('A run cannot be saved inside a step that optimizes manually.', {
      expected: 'a hook before or after trainingStep: what the step has done so far could not be done again',
      received: 'a call from inside trainingStep',
      hint: 'save in onTrainBatchStart or onTrainBatchEnd',
    }),
  );
}

export function noBestCheckpoint(hasCallback: boolean): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('There is no best checkpoint.', {
      expected: 'a ModelCheckpoint that has saved one',
      received: hasCallback ? 'one that has saved none' : 'no ModelCheckpoint',
      hint: 'fit first, or give the path of a file',
    }),
  );
}
