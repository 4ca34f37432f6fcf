import { ContractError, StrobeError } from '../../src/errors.js';

/** How the application comes to its end. */
export type Ending =
  | { kind: 'left'; last: readonly string[] }
  /** The terminal is gone, or somebody wants the process to end. */
  | { kind: 'signalled'; signal: NodeJS.Signals }
  | { kind: 'crashed'; error: unknown };

const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

/** Listens for everything that ends the application from outside, and for errors that nobody has caught. */
export function onEndings({
  end,
  interrupt,
  stray,
  exit,
}: {
  end: (ending: Ending) => void;
  interrupt: () => void;
  /** Gets errors of user code that runs on its own: timers, promises that nobody waits for. */
  stray: (error: unknown) => void;
  /** Called when the process ends, whoever ended it. */
  exit: () => void;
}): () => void {
  const stops: (() => void)[] = [];
  const listen = (target: NodeJS.EventEmitter, name: string, listener: (error: unknown) => void): void => {
    target.on(name, listener);
    stops.push(() => void target.off(name, listener));
  };
  for (const signal of SIGNALS) listen(process, signal, () => end({ kind: 'signalled', signal }));
  listen(process, 'SIGINT', interrupt);
  listen(process, 'uncaughtException', stray);
  listen(process, 'unhandledRejection', stray);
  listen(process, 'exit', exit);
  // A terminal that is gone cannot be read from or written to.
  const gone = (): void => end({ kind: 'signalled', signal: 'SIGHUP' });
  for (const stream of [process.stdin, process.stdout, process.stderr]) listen(stream, 'error', gone);
  listen(process.stdin, 'end', gone);
  const { exit: leave } = process;
  process.exit = refuseToExit;
  stops.push(() => void (process.exit = leave));
  return () => stops.forEach((stop) => stop());
}

/** `process.exit` in code of the user: it would take the runs with it. */
function refuseToExit(code?: number | string | null): never {
  throw new ContractError(
    StrobeError.compose('process.exit() would end the application, and every run with it.', {
      expected: 'code that ends by itself, or throws',
      received: `process.exit(${code ?? ''})`,
      hint: 'q leaves, and asks first when work would be lost',
    }),
  );
}
