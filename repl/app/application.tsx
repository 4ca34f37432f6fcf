import { render, type Instance } from 'ink';
import * as tf from '@tensorflow/tfjs';
import * as strobe from '../../src/index.js';
import type { Experiment } from '../../src/cli/load.js';
import { namedCallbacks } from '../runs/view.js';
import { Workbench } from '../runs/workbench.js';
import { commands } from '../commands/index.js';
import { isSeen } from '../panes/layout.js';
import { screen, type Hint } from '../panes/screen.js';
import { initialState } from '../store/state.js';
import { Store } from '../store/store.js';
import { App } from './app.js';
import { Clock } from './clock.js';
import { Controller } from './controller.js';
import { Prompt } from './prompt.js';
import { standIn } from './standin.js';
import { Terminal } from './terminal.js';

export interface ApplicationOptions {
  title: string;
  ckptPath?: string;
}

const HINTS: readonly Hint[] = [
  ...commands.filter(({ key }) => key !== undefined).map(({ key = '', name }): Hint => [key, name]),
  ['tab', 'pane'],
  [':', 'command'],
  ['/', 'filter'],
];

/** Takes the terminal over and works on a run until the user leaves. */
export async function application(experiment: Experiment, { title, ckptPath }: ApplicationOptions): Promise<void> {
  const terminal = new Terminal();
  const store = new Store(initialState(title, terminal.size));
  const bench = new Workbench(experiment, store, ckptPath === undefined ? {} : { ckptPath });
  const scope: Record<string, unknown> = { tf, ...strobe };
  const live = () => ({
    run: bench.run,
    trainer: bench.run.trainer,
    module: bench.run.module,
    ...Object.fromEntries(namedCallbacks(bench.run)),
  });
  const prompt = new Prompt(standIn(scope), store);
  Object.assign(scope, live());

  let ink: Instance | undefined;
  let finish: () => void = () => undefined;
  const left = new Promise<void>((resolve) => (finish = resolve));
  const controller = new Controller(bench, store, prompt, {
    redraw: () => {
      terminal.clear();
      ink?.clear();
    },
    leave: async () => finish(),
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
  }
}
