import { constants } from 'node:os';
import { SIGNALS } from '../trainer/signals.js';

/**
 * Does work that the first SIGINT, SIGTERM or SIGHUP asks to stop; then the process ends as that signal wants, whatever
 * timers or sockets are still open. A second one ends it at once.
 */
export async function stoppable<T>(stop: (signal: NodeJS.Signals) => void, work: () => Promise<T>): Promise<T> {
  let stoppedBy: NodeJS.Signals | undefined;
  const first = (signal: NodeJS.Signals): void => {
    release();
    stoppedBy = signal;
    stop(signal);
  };
  const release = (): void => SIGNALS.forEach((signal) => void process.off(signal, first));
  for (const signal of SIGNALS) process.on(signal, first);
  try {
    return await work();
  } finally {
    release();
    if (stoppedBy) endBy(stoppedBy);
  }
}

/** Ends the process with the status that stands for a signal, behind everything that is being printed. */
export function endBy(signal: NodeJS.Signals): void {
  process.exitCode = 128 + constants.signals[signal];
  process.stdout.write('', () => {
    // Node 20 crashes in an orderly exit when its terminal has been closed.
    if (signal === 'SIGHUP' && process.platform !== 'win32') {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
    process.exit();
  });
}
