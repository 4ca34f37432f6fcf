import type { Callback } from '../trainer/callback.js';
import type { ResolvedOptions } from '../trainer/options.js';
import { ModelCheckpoint } from './model-checkpoint.js';

/** What a trainer brings along unless it is told not to, or given its own. */
export function defaultCallbacks({ callbacks, enableCheckpointing, fastDevRun }: ResolvedOptions): Callback[] {
  const has = (type: abstract new (...args: never[]) => Callback) =>
    callbacks.some((callback) => callback instanceof type);
  return [...(enableCheckpointing && fastDevRun === false && !has(ModelCheckpoint) ? [new ModelCheckpoint()] : [])];
}
