/** Whoever reads has closed the pipe, or the terminal is gone. */
const CLOSED = ['EPIPE', 'EIO'];

/**
 * Calls back when nobody reads what is printed any more: whoever has read enough, as `head` has, closes the pipe. A disk that is
 * full is told, and the exit code tells of it, too. Without a listener either would end the process in the middle of a step.
 */
export function onClosedOutput(stop: () => void): void {
  let told = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!CLOSED.includes(error.code ?? '')) {
        process.exitCode = 1;
        if (!told) console.error(`What is printed cannot be written: ${error.message}`);
        told = true;
      }
      stop();
    });
  }
}
