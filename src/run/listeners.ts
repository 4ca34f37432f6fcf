import { isHookName, type HookName } from '../trainer/hooks.js';
import { noSuchHook, notEvery } from './refusals.js';
import type { EventOf, RunEvent } from './events.js';

/** Which events a listener wants: those of one hook, and of these every so many. */
export interface EventFilter<H extends HookName = HookName> {
  /** Events of this hook only. */
  hook: H;
  /** Default 1. */
  every?: number;
}

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
  add<H extends HookName>({ hook, every = 1 }: Partial<EventFilter<H>>, tell: (event: EventOf<H>) => void): () => void {
    if (hook !== undefined && !isHookName(hook)) throw noSuchHook(hook);
    if (!Number.isInteger(every) || every < 1) throw notEvery(every);
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
