import { join } from 'node:path';
import { whileUnderWay } from './interrupt.js';
import type { Outcome, Runner } from './runner.js';
import { stoppedBySignals } from './signals.js';

/** Runs to the end, or to Ctrl-C: then a fit is saved where it stands. A signal of the caller's takes Ctrl-C's place. */
export async function drain(
  runner: Runner,
  signal: AbortSignal | undefined,
): Promise<{ outcome: Outcome; reason: string; ckptPath: string | undefined }> {
  const { trainer } = runner.execution.session;
  const interrupt = new AbortController();
  const stop = (reason: string): void => interrupt.abort(new Error(reason));
  if (signal) {
    const either = AbortSignal.any([signal, interrupt.signal]);
    return whileUnderWay(stop, () => runner.drain({ signal: either }));
  }
  const beforeInterrupt = () => saveInterrupted(runner);
  return stoppedBySignals(
    () => whileUnderWay(stop, () => runner.drain({ signal: interrupt.signal, beforeInterrupt })),
    (message) => trainer.warn(message),
  );
}

/** Saves a fit that is interrupted, and says how to go on; gives the path, if it is one that is to be saved. */
export async function saveInterrupted({ execution: { session } }: Runner): Promise<string | undefined> {
  const { trainer, stage } = session;
  const { checkpointCallback, options } = trainer;
  if (stage !== 'fit' || !checkpointCallback || options.fastDevRun !== false) return undefined;
  const path = join(checkpointCallback.dirpath ?? options.defaultRootDir, 'interrupted.ckpt');
  await trainer.saveCheckpoint(path);
  trainer.warn(`Saved where it stood: go on with ckptPath: ${JSON.stringify(path)} (strobe train: --ckpt).`);
  return path;
}
