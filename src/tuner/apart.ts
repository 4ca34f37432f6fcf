import type { Module } from '../module/module.js';
import { Run } from '../run/run.js';
import { plainFields, restoreFields } from '../tensors/plain.js';
import { forkTrainer } from '../trainer/fork.js';
import type { DataInput } from '../trainer/data-connector.js';
import type { Stage } from '../trainer/hooks.js';
import type { Limits } from '../trainer/limits.js';
import type { Session } from '../trainer/session.js';
import type { Trainer } from '../trainer/trainer.js';
import { tryOut } from '../trainer/trial.js';

/** Where tuners work, as callbacks do: data and optimizers are there, and no batch has been seen. */
export const TUNING = {
  fit: 'onFitStart',
  validate: 'onValidationStart',
  test: 'onTestStart',
  predict: 'onPredictStart',
} as const satisfies Record<Stage, string>;

/**
 * Brings a trainer of its own, which logs, saves and prints nothing, to where a tuner works. The trainer that was given and its
 * run, if it has one, stay where they are; the module's fields, and the data module's, are put back.
 */
export async function apart<T>(
  trainer: Trainer,
  model: Module,
  data: DataInput | undefined,
  stage: Stage,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const scout = forkTrainer(trainer, { silent: true });
  scout.printer = () => undefined;
  const run = scout.run(model, data, { stage, history: { limitBytes: 0 }, guard: false });
  const session = scout.session as Session;
  const owners = [model, session.data.dataModule].filter((owner) => owner !== undefined);
  const before = owners.map((owner) => [owner, plainFields(owner)] as const);
  try {
    await run.until('setup');
    // The module's own callbacks have no part in it.
    scout.callbacks.splice(0);
    await run.until(TUNING[stage]);
    return await work(session);
  } finally {
    if (run.status === 'paused') await run.stop('the trial is over');
    scout.dispose();
    for (const [owner, fields] of before) restoreFields(owner, fields);
  }
}

/** A run for one trial: see {@link tryOut}. */
export async function trial<T>(session: Session, limits: Partial<Limits>, work: (run: Run) => Promise<T>): Promise<T> {
  return tryOut(session, limits, async (runner) => work(new Run(runner, { history: { limitBytes: 0 }, guard: false })));
}
