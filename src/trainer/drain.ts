import { join } from 'node:path';
import { interruptible, whileUnderWay } from './interrupt.js';
import type { Runner, Outcome } from './runner.js';

/** Runs to the end, or to Ctrl-C: then a fit is saved where it stands. A signal of the caller's takes Ctrl-C's place. */
export async function drain(
  runner: Runner,
  signal: AbortSignal | undefined,
): Promise<{ outcome: Outcome; reason: string }> {
  const { trainer } = runner.execution.session;
  if (signal) {
    const interrupt = new AbortController();
    return whileUnderWay(
      (reason) => interrupt.abort(new Error(reason)),
      () => runner.drain({ signal: AbortSignal.any([signal, interrupt.signal]) }),
    );
  }
  return interruptible(
    (interrupted) => runner.drain({ signal: interrupted, beforeInterrupt: () => saveInterrupted(runner) }),
    (message) => trainer.warn(message),
  );
}

async function saveInterrupted({ execution: { session } }: Runner): Promise<void> {
  const { trainer, stage } = session;
  const { checkpointCallback, options } = trainer;
  if (stage !== 'fit' || !checkpointCallback || options.fastDevRun !== false) return;
  const path = join(checkpointCallback.dirpath ?? options.defaultRootDir, 'interrupted.ckpt');
  await trainer.saveCheckpoint(path);
  trainer.warn(`Saved where it stood: go on with ckptPath: ${JSON.stringify(path)}.`);
}
