import type { Namespace } from './imports.js';
import { type Interrupts, InterruptError } from './interrupts.js';

/** What rewritten code calls: `__cell` in a cell, and in each of the local modules that it imports. */
export interface Runtime {
  /** Its slot is not 0 when code that is stopped may be alive: then `guard` is to be called. */
  readonly flag: Int32Array;
  guard(): void;
  wait(value: unknown): unknown;
  iterate(values: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown> | Iterable<unknown>;
  enter(): void;
  leave(): void;
  import(specifier: string, options?: ImportCallOptions): Promise<Namespace>;
  bind(namespace: Namespace, names: [local: string, imported: string][]): void;
  declare(...names: string[]): void;
  export(getters: Record<string, () => unknown>): void;
  exportAll(namespace: Namespace): void;
  readonly meta: { url: string; filename: string; dirname: string };
  setTimeout: (run: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => NodeJS.Timeout;
  setInterval: (run: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => NodeJS.Timeout;
  setImmediate: (run: (...values: unknown[]) => void, ...values: unknown[]) => NodeJS.Immediate;
}

/** The part of a runtime that makes code stoppable. */
export function stoppable(interrupts: Interrupts) {
  const own = <T extends NodeJS.Timeout | NodeJS.Immediate>(timer: T): T => interrupts.execution?.own(timer) ?? timer;
  const throwIfStopped = (): void => {
    if (interrupts.execution?.isStopped) throw new InterruptError();
  };
  const wait = (value: unknown): unknown => {
    throwIfStopped();
    const { execution } = interrupts;
    return execution && isThenable(value) ? execution.wait(value) : value;
  };
  return {
    flag: interrupts.flag,
    guard: () => interrupts.guard(),
    wait,
    iterate: (values: AsyncIterable<unknown> | Iterable<unknown>) =>
      Symbol.asyncIterator in values ? stoppableIterable(values, wait) : values,
    enter: () => interrupts.execution?.enterCleanup(),
    leave: () => interrupts.execution?.leaveCleanup(),
    setTimeout: (run: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => {
      const { execution } = interrupts;
      const timer: NodeJS.Timeout = setTimeout(
        (...values: unknown[]) => {
          execution?.disown(timer);
          run(...values);
        },
        ms,
        ...values,
      );
      return own(timer);
    },
    setInterval: (run: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) =>
      own(setInterval(run, ms, ...values)),
    setImmediate: (run: (...values: unknown[]) => void, ...values: unknown[]) => own(setImmediate(run, ...values)),
  };
}

async function* stoppableIterable(values: AsyncIterable<unknown>, wait: (value: unknown) => unknown): AsyncGenerator {
  const iterator = values[Symbol.asyncIterator]();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = (await wait(iterator.next())) as IteratorResult<unknown>;
      if (done) {
        finished = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!finished) await iterator.return?.();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
