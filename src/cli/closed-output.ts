/**
 * Calls back when nobody reads what is printed any more: whoever has read enough, as `head` has, closes the pipe. Without a
 * listener that would end the process in the middle of a step.
 */
export function onClosedOutput(stop: () => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop();
  });
}
