import { latestCheckpoint, rescuedCheckpoint } from '../callbacks/checkpoints/latest.js';
import { readCheckpoint } from '../checkpoint/store.js';
import type { Execution } from './execution.js';
import type { Stage } from './hooks.js';
import { freshProgress } from './progress.js';
import { noBestCheckpoint } from './refusals.js';
import { arrive, underOwnStopRequest } from './restore.js';
import { isRunState, type RunState } from './state.js';
import type { Trainer } from './trainer.js';

/** The file to go on from: the one asked for, or what a fit that failed has left. */
export function checkpointFor(trainer: Trainer, stage: Stage, asked: string | undefined): string | undefined {
  const { callbacks, checkpointCallback } = trainer;
  if (asked === undefined) return stage === 'fit' ? rescuedCheckpoint(callbacks) : undefined;
  if (asked === 'last') {
    const path = latestCheckpoint(callbacks);
    if (path === undefined) trainer.warn("ckptPath: 'last', but no checkpoint has been saved yet: starting anew.");
    return path;
  }
  if (asked !== 'best') return asked;
  const path = checkpointCallback?.bestModelPath;
  if (path) return path;
  throw noBestCheckpoint(checkpointCallback !== undefined);
}

/** Reads the file, and has the program go to the place that it was saved at; a file of weights only begins anew. */
export async function goOnFrom(execution: Execution, path: string): Promise<void> {
  const { session } = execution;
  const { trainer } = session;
  const checkpoint = await readCheckpoint(path);
  trainer.ckptPath = path;
  const state = isRunState(checkpoint) && session.stage === 'fit' ? checkpoint : undefined;
  session.resume = { checkpoint, state };
  if (!state) return;
  trainer.seed = state.run.seed;
  if (state.run.stage !== 'fit') return beginWhereTrainingStood(state);
  execution.enter(state.run.place, async () => {
    await underOwnStopRequest(trainer, async () => arrive(session, execution, state));
    session.letGoOfCheckpoint();
  });
}

/** Saved in an evaluation of its own, a state has no place in a fit: the next epoch is what it goes on with. */
function beginWhereTrainingStood({ run }: RunState): void {
  run.loop = 'train';
  run.metricLevel = undefined;
  run.progress.evaluation = freshProgress().evaluation;
}
