import { AsyncResource } from 'node:async_hooks';

/** What is under way and how to interrupt it. On the global object, so that a kernel and a library that was loaded twice still meet. */
const UNDER_WAY = Symbol.for('strobe.underWay');
type Interrupt = (reason: string) => void;

function underWay(): Set<Interrupt> {
  const globals = globalThis as unknown as Record<typeof UNDER_WAY, Set<Interrupt> | undefined>;
  return (globals[UNDER_WAY] ??= new Set());
}

/** Interrupts everything that is under way, as a notebook's stop button does: a fit ends, a run pauses at its next hook. */
export function interruptAll(reason: string): void {
  for (const interrupt of underWay()) interrupt(reason);
}

/** Does work that `interruptAll` can interrupt. */
export async function whileUnderWay<T>(interrupt: Interrupt, work: () => Promise<T>): Promise<T> {
  // One of its own: the same function may be under way twice.
  const entry: Interrupt = (reason) => interrupt(reason);
  underWay().add(entry);
  try {
    return await work();
  } finally {
    underWay().delete(entry);
  }
}

const outside = new AsyncResource('strobe.ending');

/** A notebook stops the code of an interrupted cell wherever it is called from. What ends a run, its end hooks too, is done all the same. */
export const beyondInterrupts = <T>(work: () => T): T => outside.runInAsyncScope(work);
