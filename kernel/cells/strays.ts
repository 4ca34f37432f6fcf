import type { Evaluator } from '../../src/evaluator/evaluator.js';
import type { Output } from './output.js';

/** Node's own warnings go where cells print; that something in it is experimental is not news for a notebook. */
export function quietWarnings(output: Output): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') output.text('stderr', `${warning.name}: ${warning.message}\n`);
  });
}

/** Errors that nobody waits for, of timers and promises: told in the cell that they come from; the kernel goes on. */
export function watchForErrors(output: Output, evaluator: Promise<Evaluator>): void {
  const tell = (what: string, error: unknown): void => {
    // Pausing a run by an interrupt is what the user asked for.
    if (error instanceof Error && error.name === 'Interruption') return;
    const { origin } = output;
    void evaluator
      .then((ready) => ready.explain(error).traceback.join('\n'))
      .catch(() => String(error))
      .then((text) => output.textFor(origin, 'stderr', `${what}\n${text}\n`));
  };
  process.on('uncaughtException', (error) => tell('Uncaught error, after the cell had ended:', error));
  process.on('unhandledRejection', (error) => tell('Unhandled rejection:', error));
}
