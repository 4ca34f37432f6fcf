import { basename } from 'node:path';
import { render, type Instance } from 'ink';
import type { Experiment } from '../../src/cli/load.js';
import { endBy } from '../../src/cli/signals.js';
import type { WorkbenchOptions } from '../runs/workbench.js';
import { errorText } from '../commands/arrival.js';
import { commands } from '../commands/index.js';
import { isSeen } from '../panes/layout.js';
import { screen, type Hint } from '../panes/screen.js';
import { openSession } from '../session/session.js';
import { rescue, type Recovery } from '../session/recovery.js';
import { initialState } from '../store/state.js';
import { Store } from '../store/store.js';
import { App } from './app.js';
import { Clock } from './clock.js';
import { Controller } from './controller.js';
import { type Ending, onEndings } from './endings.js';
import { RowTags } from './row-tags.js';
import { StuckKeys } from './stuck-keys.js';
import { Terminal } from './terminal.js';

export interface ApplicationOptions extends WorkbenchOptions {
  /** What was opened, to be written down for `--recover`. */
  opened: Pick<Recovery, 'file' | 'set' | 'backend'>;
  /** What to say at first. */
  greeting?: string;
}

const HINTS: readonly Hint[] = [
  ...commands.filter(({ key }) => key !== undefined).map(({ key = '', name }): Hint => [key, name]),
  ['tab', 'pane'],
  [':', 'command'],
  ['/', 'filter'],
];

/** Takes the terminal over and works on a run until the user leaves, a signal ends it, or something breaks. */
export async function application(
  experiment: Experiment,
  { opened, greeting, ...options }: ApplicationOptions,
): Promise<void> {
  const tags = new RowTags();
  const terminal = new Terminal((text) => tags.spell(text));
  const store = new Store(initialState(basename(opened.file), terminal.size));
  const session = await openSession(experiment, opened.file, store, options);
  const { bench, prompt } = session;
  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => (end = resolve));
  let ink: Instance | undefined;

  const controller = new Controller(session, store, {
    redraw: () => {
      terminal.clear();
      ink?.clear();
    },
    leave: async (last = []) => end({ kind: 'left', last }),
  });
  const onKey: typeof controller.press = (text, key) => {
    guarded(() => controller.press(text, key));
    clock.urge();
  };
  const draw = (): void => {
    const { state } = store;
    const attention = { callbacks: isSeen(state, 'callbacks'), parameters: isSeen(state, 'parameters') };
    state.view = bench.view(state.view, attention);
    Object.assign(state, bench.list());
    if (!bench.playing) controller.stood();
    const app = <App tags={tags.of(screen(state, HINTS))} onKey={onKey} />;
    if (ink) return ink.rerender(app);
    ink = render(app, { stdout: terminal.stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 1000 });
    ink.waitUntilExit().catch((error: unknown) => end({ kind: 'crashed', error }));
  };
  /** What goes wrong in the application ends it; what goes wrong in user code does not come this way. */
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      end({ kind: 'crashed', error });
    }
  };
  const clock = new Clock(
    () => guarded(draw),
    () => bench.playing,
  );
  store.onChange(() => clock.request());
  const resized = (): void => {
    terminal.clear();
    store.change((state) => (state.size = terminal.size));
    // Before Ink draws again what was made for another width.
    guarded(draw);
  };
  process.stdout.prependListener('resize', resized);
  const stopListening = onEndings({
    end,
    interrupt: () => controller.pressed('ctrl+c'),
    stray(error) {
      bench.interrupt();
      store.say(`Nobody caught this:\n${errorText(error)}`, 'bad');
    },
    exit: () => terminal.giveBack(),
  });
  let stuckKeys: StuckKeys | undefined;
  prompt.onStart(({ interruptFlag }) => {
    const { running } = prompt;
    stuckKeys = new StuckKeys({ running, interruptFlag }, (typed) => process.stdin.unshift(typed));
  });
  terminal.take((line, error) => {
    const tone = error ? 'warn' : 'plain';
    // What code at the prompt prints is read there.
    if (prompt.busy && !bench.playing) store.say(line, tone);
    else store.log(line, tone);
  });
  if (greeting) store.say(greeting, 'good');
  clock.urge();

  const ending = await ended;
  clock.stop();
  process.stdout.off('resize', resized);
  try {
    ink?.unmount();
  } finally {
    terminal.giveBack();
  }
  if (ending.kind === 'left') ending.last.forEach((line) => console.log(line));
  else {
    if (ending.kind === 'crashed') console.error('The application broke:', ending.error);
    process.exitCode = 1;
    // A run that comes to no hook keeps the process from ending.
    const saved = await rescue(bench, opened);
    stopListening();
    if (!saved) return ending.kind === 'signalled' ? endBy(ending.signal) : process.exit();
  }
  stopListening();
  await stuckKeys?.stop();
  await session.close();
  for (const { name, position } of bench.unsaved)
    console.log(`${name} was left at step ${position.globalStep}, not saved.`);
  if (ending.kind === 'signalled') endBy(ending.signal);
}
