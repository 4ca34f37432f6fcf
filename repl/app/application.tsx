import { basename, dirname } from 'node:path';
import { render, type Instance } from 'ink';
import type { Experiment } from '../../src/cli/load.js';
import { Workbench } from '../runs/workbench.js';
import { commands } from '../commands/index.js';
import { isSeen } from '../panes/layout.js';
import { screen, type Hint } from '../panes/screen.js';
import { initialState } from '../store/state.js';
import { Store } from '../store/store.js';
import { App } from './app.js';
import { Clock } from './clock.js';
import { Controller } from './controller.js';
import { LineHistory, historyPath } from '../prompt/history.js';
import { Prompt } from '../prompt/prompt.js';
import { globalsOf, liveGlobals } from '../prompt/scope.js';
import { Terminal } from './terminal.js';

export interface ApplicationOptions {
  /** The experiment's file. */
  file: string;
  ckptPath?: string;
}

const HINTS: readonly Hint[] = [
  ...commands.filter(({ key }) => key !== undefined).map(({ key = '', name }): Hint => [key, name]),
  ['tab', 'pane'],
  [':', 'command'],
  ['/', 'filter'],
];

/** Milliseconds that code waits for its types to be checked before it runs all the same. */
const PATIENCE = 3000;

/** Takes the terminal over and works on a run until the user leaves. */
export async function application(experiment: Experiment, { file, ckptPath }: ApplicationOptions): Promise<void> {
  const terminal = new Terminal();
  const store = new Store(initialState(basename(file), terminal.size));
  const bench = new Workbench(experiment, store, ckptPath === undefined ? {} : { ckptPath });
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
    const { scope } = await prompt.evaluator;
    for (const [name, { value }] of Object.entries(liveGlobals(run, file))) scope[name] = value;
  });
  const histories = {
    command: new LineHistory(historyPath('command')),
    prompt: new LineHistory(historyPath('prompt')),
  };
  await Promise.all(Object.values(histories).map((history) => history.load()));

  let ink: Instance | undefined;
  let finish: () => void = () => undefined;
  const left = new Promise<void>((resolve) => (finish = resolve));
  const controller = new Controller(bench, store, prompt, {
    redraw: () => {
      terminal.clear();
      ink?.clear();
    },
    leave: async () => finish(),
    histories,
  });
  let told = false;
  const draw = (): void => {
    const { state } = store;
    const attention = { callbacks: isSeen(state, 'callbacks'), parameters: isSeen(state, 'parameters') };
    state.view = bench.view(state.view, attention);
    const { rows, current } = bench.rows();
    Object.assign(state, { runs: rows, current });
    if (!bench.playing && !told) controller.stood();
    told = !bench.playing;
    const app = <App rows={screen(state, HINTS)} onKey={onKey} />;
    if (ink) ink.rerender(app);
    else ink = render(app, { stdout: terminal.stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 1000 });
  };
  const clock = new Clock(draw, () => bench.playing);
  const onKey: typeof controller.press = (text, key) => {
    controller.press(text, key);
    clock.urge();
  };
  store.onChange(() => clock.request());
  const resized = (): void => {
    terminal.clear();
    store.change((state) => (state.size = terminal.size));
    clock.urge();
  };
  process.stdout.prependListener('resize', resized);
  terminal.take((line, error) => store.log(line, error ? 'warn' : 'plain'));
  try {
    clock.urge();
    await left;
  } finally {
    clock.stop();
    process.stdout.off('resize', resized);
    ink?.unmount();
    terminal.giveBack();
    await prompt.dispose();
    await Promise.all(Object.values(histories).map((history) => history.written()));
  }
}
