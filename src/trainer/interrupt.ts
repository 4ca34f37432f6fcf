/**
 * Ctrl-C while a trainer is at work: the first one stops it gracefully, the second one ends the process at once. A program
 * that listens for SIGINT itself (a notebook kernel, a terminal application) is left to do so.
 */
export async function interruptible<T>(
  work: (interrupted: AbortSignal | undefined) => Promise<T>,
  say: (message: string) => void,
): Promise<T> {
  if (process.listenerCount('SIGINT') > 0) return work(undefined);
  const abort = new AbortController();
  const first = (): void => {
    process.off('SIGINT', first); // The next one is Node's own again: it ends the process.
    say('Interrupted: stopping at the next hook. Press Ctrl-C again to end at once.');
    abort.abort(new Error('interrupted by Ctrl-C (SIGINT)'));
  };
  process.on('SIGINT', first);
  try {
    return await work(abort.signal);
  } finally {
    process.off('SIGINT', first);
  }
}
