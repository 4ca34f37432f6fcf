import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { Callback } from '../trainer/callback.js';
import { HOOK_NAMES } from '../trainer/hooks.js';
import type { CallbackHooks } from '../trainer/hook-methods.js';

/** Functions by the name of the hook they stand for. */
export type LambdaHooks = CallbackHooks & Pick<Callback, 'onException' | 'onSaveCheckpoint' | 'onLoadCheckpoint'>;

const NAMES: readonly string[] = [...HOOK_NAMES, 'onException', 'onSaveCheckpoint', 'onLoadCheckpoint'];

/** A callback without a class: `new LambdaCallback({ onTrainEpochEnd: (trainer) => ... })`. */
export class LambdaCallback extends Callback {
  constructor(hooks: LambdaHooks) {
    super();
    for (const [name, call] of Object.entries(hooks ?? {})) {
      if (!NAMES.includes(name)) throw wrong(`there is no hook ${name}`, NAMES.join(', '), name);
      if (typeof call !== 'function') throw wrong(`${name} is not a function`, 'a function', describe(call));
    }
    Object.assign(this, hooks);
  }
}

function wrong(what: string, expected: string, received: string): ConfigurationError {
  const parts = { expected, received, hint: 'e.g. { onTrainEpochEnd: (trainer, module) => { ... } }' };
  return new ConfigurationError(StrobeError.compose(`new LambdaCallback: ${what}.`, parts));
}
