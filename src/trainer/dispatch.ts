import { streamOf, withRandom } from '../random/index.js';
import { HOOKS, type HookName } from './hooks.js';
import type { Session } from './session.js';

/** One callback's, or the module's, implementation of a hook. */
interface Callee {
  /** The callback's key in the list; `module` for the module. */
  key: string;
  call: (args: unknown[]) => unknown;
}

/** A hook that is being called: who takes part, and how many have been called. */
export interface Dispatch {
  hook: HookName;
  callees: Callee[];
  called: number;
}

/** The order of calls: callbacks as listed, then the module; at a train epoch's end those that monitor come last. */
function calleesOf(session: Session, hook: HookName): Callee[] {
  const { trainer, module } = session;
  const early: Callee[] = [];
  const late: Callee[] = [];
  for (const [key, callback] of session.keyedCallbacks()) {
    if (typeof callback[hook] !== 'function') continue;
    const call = (args: unknown[]) => (callback[hook] as (...args: unknown[]) => unknown)(trainer, module, ...args);
    const monitors = callback.kind === 'monitor' || callback.kind === 'checkpoint';
    (hook === 'onTrainEpochEnd' && monitors ? late : early).push({ key, call });
  }
  if (typeof module[hook] === 'function') {
    const call = (args: unknown[]) => session.answer(hook, (module[hook] as (...args: unknown[]) => unknown)(...args));
    early.push({ key: 'module', call });
  }
  return [...early, ...late];
}

/**
 * Begins a hook. `after` names the callee that was called last when the program was left in the middle of it: it and those
 * before it are not called again.
 */
export function open(session: Session, hook: HookName, after?: string): Dispatch {
  const callees = calleesOf(session, hook);
  const called = after === undefined ? 0 : callees.findIndex(({ key }) => key === after) + 1;
  return { hook, callees, called };
}

/** Who was called last; what a position saved in the middle of a hook records. */
export function lastCalled({ callees, called }: Dispatch): string | undefined {
  return callees[called - 1]?.key;
}

/**
 * Calls everyone who has not been called yet. Counts a callee before it is called, so that whatever saves the run from
 * inside a hook records the point after itself. Returns a promise only if somebody did.
 */
export function dispatch(session: Session, path: string, running: Dispatch): void | Promise<void> {
  const { hook, callees } = running;
  if (running.called >= callees.length) return;
  const args = HOOKS[hook].map((name) => session.hookData[name]);
  while (running.called < callees.length) {
    const { key, call } = callees[running.called++] as Callee;
    const invoke = () =>
      session.at(hook, () =>
        withRandom(
          () => streamOf(...session.drawKeys(path), key),
          () => call(args),
        ),
      );
    const { profiler } = session.trainer;
    const result = profiler ? profiler.profile(actionOf(session, key, hook), invoke) : invoke();
    if (result instanceof Promise) return result.then(() => dispatch(session, path, running));
  }
}

/** What a profiler calls it, after the peer's fashion. */
function actionOf({ module }: Session, key: string, hook: HookName): string {
  return key === 'module' ? `[Module]${module.constructor.name}.${hook}` : `[Callback]${key}.${hook}`;
}
