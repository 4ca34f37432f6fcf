import { createInterface } from 'node:readline';
import { onClosedOutput } from '../../src/cli/closed-output.js';
import type { Experiment } from '../../src/cli/load.js';
import { endBy } from '../../src/cli/signals.js';
import type { WorkbenchOptions } from '../runs/workbench.js';
import { errorText } from '../commands/arrival.js';
import { commands } from '../commands/index.js';
import { keys } from '../commands/keys.js';
import { execute } from '../commands/lookup.js';
import { rescue, type Recovery } from '../session/recovery.js';
import { openSession } from '../session/session.js';
import { initialState, type Tone } from '../store/state.js';
import { Store } from '../store/store.js';
import { PlainContext } from './plain-context.js';

/** What ends the application from outside. */
const ENDINGS = ['SIGTERM', 'SIGHUP'] as const;

/** Says things at once instead of showing them. */
class PrintingStore extends Store {
  override say(text: string, tone: Tone = 'plain'): void {
    // What was typed is seen already.
    if (tone !== 'input') console.log(text);
  }

  override log(text: string): void {
    console.log(text);
  }
}

/** The same commands without a screen: one on each line of standard input, what comes of them as lines. */
export async function plain(
  experiment: Experiment,
  opened: Pick<Recovery, 'file' | 'set' | 'backend'>,
  options: WorkbenchOptions,
): Promise<void> {
  const { file } = opened;
  const store = new PrintingStore(initialState(file, { columns: 100, rows: 40 }));
  const session = await openSession(experiment, file, store, options);
  const { bench } = session;
  const terminal = process.stdin.isTTY;
  const input = createInterface({
    input: process.stdin,
    ...(terminal ? { output: process.stdout, history: [...session.histories.command.lines], prompt: '(strobe) ' } : {}),
  });
  const lines = input[Symbol.asyncIterator]();
  const context = new PlainContext(session, store, { commands, keys }, async () => {
    const { value } = (await lines.next()) as { value: string | undefined };
    return value;
  });
  const interrupt = (): void => {
    if (!session.prompt.interrupt() && !bench.interrupt()) input.close();
  };
  process.on('SIGINT', interrupt);
  input.on('SIGINT', interrupt);
  const leave = (): void => {
    bench.interrupt();
    context.left = true;
    input.close();
  };
  onClosedOutput(leave);
  /** The second one is Node's own: it ends the process. */
  const end = (signal: NodeJS.Signals): void => {
    stopListening();
    leave();
    ending = rescue(bench, opened).then(() => endBy(signal));
  };
  let ending: Promise<void> | undefined;
  const stopListening = (): void => ENDINGS.forEach((signal) => void process.off(signal, end));
  for (const signal of ENDINGS) process.on(signal, end);
  try {
    store.say(`${file}, before ${bench.run.position.hook}; help shows the commands`);
    while (!context.left) {
      input.prompt();
      const line = await context.nextLine();
      if (line === undefined) break;
      session.histories.command.add(line);
      try {
        await execute(line.replace(/^:/, ''), context);
        await bench.standing();
      } catch (error) {
        context.failed = true;
        store.say(errorText(error));
      }
    }
    await ending;
    for (const { name, position } of bench.unsaved)
      store.say(`${name} was left at step ${position.globalStep}, not saved`);
  } finally {
    process.off('SIGINT', interrupt);
    stopListening();
    input.close();
    await session.close();
  }
  if (context.failed) process.exitCode ??= 1;
}
