import { checkOptions, countFrom, type Allowed } from '../options.js';
import { HOOK_NAMES, isHookName, type HookName } from '../trainer/hooks.js';
import type { EventOf, RunEvent } from './events.js';

/** Which events a listener wants: those of one hook, and of these every so many. */
export interface EventFilter<H extends HookName = HookName> {
  /** Events of this hook only. */
  hook: H;
  /** Default 1. */
  every?: number;
}

const FILTER: Record<keyof EventFilter, Allowed> = {
  hook: { what: HOOK_NAMES.join(', '), holds: isHookName },
  every: countFrom(1),
};

interface Listener {
  hook: HookName | undefined;
  every: number;
  seen: number;
  tell: (event: RunEvent) => void;
}

/** Who is told of a run's events. */
export class Listeners {
  readonly #all = new Set<Listener>();

  get size(): number {
    return this.#all.size;
  }

  /** The function it gives back takes the listener out again. */
  add<H extends HookName>(filter: Partial<EventFilter<H>>, tell: (event: EventOf<H>) => void): () => void {
    checkOptions('run.on', filter, FILTER);
    const { hook, every = 1 } = filter;
    const listener: Listener = { hook, every, seen: 0, tell: tell as Listener['tell'] };
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  /** Whether anybody is told of this hook. */
  concern(hook: HookName): boolean {
    for (const listener of this.#all) if (listener.hook === undefined || listener.hook === hook) return true;
    return false;
  }

  /** Tells those who want this hook's event, which is made only if somebody does. */
  tell(hook: HookName, event: () => RunEvent): void {
    for (const listener of this.#all) {
      if (listener.hook !== undefined && listener.hook !== hook) continue;
      if (++listener.seen % listener.every === 0) listener.tell(event());
    }
  }
}
