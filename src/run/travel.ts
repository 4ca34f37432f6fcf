import { forkTrainer } from '../trainer/fork.js';
import { Execution } from '../trainer/execution.js';
import { fit } from '../trainer/fit.js';
import { configureOptimizers } from '../trainer/phases/setup.js';
import { Runner } from '../trainer/runner.js';
import { Session } from '../trainer/session.js';
import { arrive, restoreSnapshotFields } from '../trainer/restore.js';
import { takeSnapshot, type Snapshot } from '../trainer/state.js';
import { takeOver } from '../trainer/tenancy.js';

/** Takes down where a runner stands. References only: nothing is copied. */
export function snapshotOf({ execution }: Runner): Snapshot {
  takeOver(execution.session);
  return takeSnapshot(execution.session, execution);
}

/** Puts a runner where a snapshot of it was taken. */
export async function travel({ execution }: Runner, snapshot: Snapshot): Promise<void> {
  const { session } = execution;
  takeOver(session);
  restoreSnapshotFields(session, snapshot);
  execution.jump(snapshot.state.run.place);
  // A place from before they were configured: the program comes to that again.
  if (snapshot.state.optimizerStates.length === 0) session.letGoOfOptimizers();
  await arrive(session, execution, snapshot.state);
  session.trainer.loggers.forEach((logger, i) => {
    const state = snapshot.state.run.loggers[i];
    if (state !== undefined) logger.loadStateDict?.(state as never);
  });
}

/** A second runner that stands where the first one does: its own trainer, optimizers and state over the same module. */
export async function forkOf(runner: Runner): Promise<Runner> {
  const { session } = runner.execution;
  const snapshot = snapshotOf(runner);
  try {
    const trainer = forkTrainer(session.trainer);
    const branch = new Session(trainer, session.module, session.stage, session.data);
    const forked = new Runner(new Execution(fit, branch), async () => undefined);
    await forked.prepare();
    trainer.adopt(forked);
    takeOver(branch);
    branch.takeStock();
    if (session.optimizers.length > 0) configureOptimizers(branch);
    await travel(forked, snapshot);
    session.data.share();
    return forked;
  } finally {
    snapshot.dispose();
  }
}
