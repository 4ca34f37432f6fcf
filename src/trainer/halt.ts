import type { HookName } from './hooks.js';

/** A phase's wish not to go on: the program is to stand in a hook that has been called already, as if paused there. */
export class Halt extends Error {
  override name = 'Halt';
  readonly hook: HookName;
  constructor(hook: HookName) {
    super(`The program halts at ${hook}.`);
    this.hook = hook;
  }
}
