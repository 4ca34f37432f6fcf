/** Whoever reads has closed the pipe, or the terminal is gone. */
const CLOSED = ['EPIPE', 'EIO'];

/**
 * Calls back when nobody reads what is printed any more: whoever has read enough, as `head` has, closes the pipe. Without a
 * listener that would end the process in the middle of a step.
 */
export function onClosedOutput(stop: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!CLOSED.includes(error.code ?? '')) throw error;
      stop();
    });
  }
}
