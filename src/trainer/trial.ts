import { evaluation } from './evaluate.js';
import { forkTrainer } from './fork.js';
import { Execution } from './execution.js';
import { training } from './fit.js';
import type { HookName, Stage } from './hooks.js';
import type { Limits } from './limits.js';
import * as setup from './phases/setup.js';
import { compile, vocabulary } from './program.js';
import { Runner } from './runner.js';
import { Session } from './session.js';
import { takeOver } from './tenancy.js';

const { act } = vocabulary<Session, HookName>();

/** The work of each stage alone: its beginnings (data, setup, layers) are those of the run that it is a trial for. */
const PROGRAMS = {
  fit: compile<Session, HookName>('trial', [
    act('configureOptimizers', setup.configureOptimizers),
    act('zeroGrad', setup.zeroGrad),
    training,
  ]),
  validate: compile<Session, HookName>('trial', evaluation('validate')),
  test: compile<Session, HookName>('trial', evaluation('test')),
  predict: compile<Session, HookName>('trial', evaluation('predict')),
} satisfies Record<Stage, unknown>;

/**
 * A run apart from the one under way: over its module, with optimizers and loaders of its own, without callbacks, loggers,
 * limits and validations. Afterwards the module is as it was: weights, buffers, gradients, what is frozen, modes, fields.
 */
export async function tryOut<T>(
  session: Session,
  limits: Partial<Limits>,
  trial: (runner: Runner) => Promise<T>,
): Promise<T> {
  const { module, stage } = session;
  takeOver(session);
  const fields: object = Object.fromEntries(Object.entries(module));
  const trainer = forkTrainer(session.trainer, { silent: true });
  Object.assign(trainer.limits, { maxEpochs: -1, minEpochs: 0, minSteps: 0, maxSteps: -1 }, limits);
  if (stage === 'fit') trainer.limits.limitValBatches = 0;
  trainer.printer = () => undefined;
  const branch = new Session(trainer, module, stage, session.data.anew());
  const runner = new Runner(new Execution(PROGRAMS[stage], branch), async () => undefined);
  await runner.prepare();
  trainer.adopt(runner);
  takeOver(branch);
  branch.takeStock();
  try {
    return await trial(runner);
  } finally {
    if (runner.outcome === undefined) await runner.abandon('the trial is over');
    trainer.dispose();
    for (const name of Object.keys(module)) if (!(name in fields)) Reflect.deleteProperty(module, name);
    Object.assign(module, fields);
    takeOver(session);
  }
}
