import { isHookName, type HookName } from '../trainer/hooks.js';
import type { Guard } from '../trainer/session.js';
import type { RunEvent } from './events.js';
import { noSuchHook } from './refusals.js';

/** A reason for a playing run to pause. */
export interface Breakpoint {
  /** Counts up in each run. */
  readonly id: number;
  /** What it waits for, in words. */
  readonly description: string;
  /** Set it to false, and the run passes over it. */
  enabled: boolean;
  /** How often it has paused the run. */
  readonly hits: number;
  /** The run no longer pauses for it. */
  remove(): void;
}

type Test = (event: RunEvent) => boolean;

class Entry implements Breakpoint {
  enabled = true;
  hits = 0;
  readonly id: number;
  readonly description: string;
  /** The hook it stands at; undefined for every hook. */
  readonly hook: HookName | undefined;
  /** What it asks of an event; undefined if it waits for something else than an event. */
  readonly test: Test | undefined;
  readonly #list: Breakpoints;

  constructor(list: Breakpoints, id: number, description: string, hook: HookName | undefined, test: Test | undefined) {
    this.#list = list;
    this.id = id;
    this.description = description;
    this.hook = hook;
    this.test = test;
  }

  /** Whether it wants to see the events of a hook. */
  concerns(hook: HookName): boolean {
    return this.enabled && this.test !== undefined && (this.hook === undefined || this.hook === hook);
  }

  get active(): boolean {
    return this.enabled;
  }

  trip(): void {
    this.hits += 1;
  }

  remove(): void {
    this.enabled = false;
    this.#list.delete(this);
  }
}

/** The breakpoints and watches of a run. */
export class Breakpoints {
  #entries: Entry[] = [];
  #nextId = 1;

  get list(): Breakpoint[] {
    return [...this.#entries];
  }

  /** One that the run itself trips: it is asked nothing. */
  guard(description: string): Guard & Breakpoint {
    return this.#add(description, undefined, undefined);
  }

  /** At a hook, every time or when a predicate holds. */
  at(hook: HookName, when: Test = () => true, description: string = hook): Breakpoint {
    if (!isHookName(hook)) throw noSuchHook(hook);
    return this.#add(description, hook, when);
  }

  /** When a value crosses a line: `when` sees it now and as it was before. A value that is NaN or absent is passed over. */
  watch(
    name: string,
    value: (event: RunEvent) => number | undefined,
    when: (now: number, before: number) => boolean,
  ): Breakpoint {
    let before = NaN;
    return this.#add(`watch ${name}`, undefined, (event) => {
      const now = value(event);
      if (now === undefined || Number.isNaN(now)) return false;
      const crossed = when(now, before);
      before = now;
      return crossed;
    });
  }

  /** Whether anything waits for this hook: events nobody reads are not made. */
  concerns(hook: HookName): boolean {
    return this.#entries.some((entry) => entry.concerns(hook));
  }

  /** Whether the run pauses here. All that apply are asked, so that each watch sees every value. */
  hit(event: RunEvent): boolean {
    const hit = this.#entries.filter((entry) => entry.concerns(event.hook) && entry.test?.(event));
    for (const entry of hit) entry.trip();
    return hit.length > 0;
  }

  delete(breakpoint: Breakpoint): void {
    this.#entries = this.#entries.filter((entry) => entry !== breakpoint);
  }

  #add(description: string, hook: HookName | undefined, test: Test | undefined): Entry {
    const entry = new Entry(this, this.#nextId++, description, hook, test);
    this.#entries.push(entry);
    return entry;
  }
}
