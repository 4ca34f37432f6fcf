import { dirname } from 'node:path';
import type { Experiment } from '../../src/cli/load.js';
import { historyPath, LineHistory } from '../prompt/history.js';
import { Prompt } from '../prompt/prompt.js';
import { globalsOf, liveGlobals } from '../prompt/scope.js';
import { Workbench, type WorkbenchOptions } from '../runs/workbench.js';
import type { Store } from '../store/store.js';

/** Milliseconds that code waits for its types to be checked before it runs all the same. */
const PATIENCE = 3000;

/** What is worked with: the runs, the prompt that sees them, and what was typed before. */
export interface Session {
  bench: Workbench;
  prompt: Prompt;
  histories: { command: LineHistory; prompt: LineHistory };
  close(): Promise<void>;
}

/** Begins to work on an experiment, whatever the work is then shown in. */
export async function openSession(
  experiment: Experiment,
  file: string,
  store: Store,
  options: WorkbenchOptions,
): Promise<Session> {
  const bench = new Workbench(experiment, store, options);
  const prompt = new Prompt(async () => {
    const { createEvaluator } = await import('../../src/evaluator/evaluator.js');
    return createEvaluator({
      cwd: dirname(file),
      globals: globalsOf(bench.run, file),
      typeCheckBudget: PATIENCE,
      onLateTypeErrors: ({ traceback }) => store.say(traceback.join('\n')),
    });
  }, store);
  bench.onSwitch(async (run) => {
    if (!prompt.started) return;
    const { scope } = await prompt.evaluator;
    for (const [name, { value }] of Object.entries(liveGlobals(run, file))) scope[name] = value;
  });
  const histories = {
    command: new LineHistory(historyPath('command')),
    prompt: new LineHistory(historyPath('prompt')),
  };
  await Promise.all(Object.values(histories).map((history) => history.load()));
  // A run that goes on from a checkpoint is shown where that was saved.
  if (options.ckptPath !== undefined) await bench.next();
  return {
    bench,
    prompt,
    histories,
    async close() {
      await prompt.dispose();
      await Promise.all(Object.values(histories).map((history) => history.written()));
    },
  };
}
