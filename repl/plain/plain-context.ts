import type { Command, Context, Key } from '../commands/command.js';
import { arrivalLines } from '../commands/arrival.js';
import { panes } from '../panes/screen.js';
import type { Arrival, Workbench } from '../runs/workbench.js';
import type { Session } from '../session/session.js';
import type { PaneName, Question } from '../store/state.js';
import type { Store } from '../store/store.js';
import { stripVTControlCharacters } from 'node:util';

/** What commands act on where there is no screen: what they would show is printed. */
export class PlainContext implements Context {
  readonly commands: readonly Command[];
  readonly keys: readonly Key[];
  readonly bench: Workbench;
  readonly store: Store;
  readonly nextLine: () => Promise<string | undefined>;
  readonly #session: Session;
  /** Whether somebody asked to leave. */
  left = false;
  /** Whether anything went wrong. */
  failed = false;

  constructor(
    session: Session,
    store: Store,
    { commands, keys }: Pick<Context, 'commands' | 'keys'>,
    nextLine: () => Promise<string | undefined>,
  ) {
    this.#session = session;
    this.bench = session.bench;
    this.store = store;
    this.commands = commands;
    this.keys = keys;
    this.nextLine = nextLine;
  }

  evaluate = async (code: string): Promise<void> => {
    if (!(await this.#session.prompt.evaluate(code))) this.failed = true;
  };

  valueOf = (code: string): Promise<unknown> => this.#session.prompt.valueOf(code);

  tell = (arrival: Arrival | { error: unknown } | undefined): void => {
    if (arrival && 'error' in arrival) this.failed = true;
    for (const { text, tone } of arrivalLines(this.bench.run, arrival)) this.store.say(text, tone);
  };

  read = (_title: string, text: string): void => this.store.say(text);

  ask = async ({ text, answers }: Question): Promise<string> => {
    const keys = answers.map(([key]) => key);
    this.store.say(`${text} ${answers.map(([key, meaning]) => `${key}: ${meaning}`).join(', ')}`);
    for (;;) {
      const line = await this.nextLine();
      // Nobody is there to answer: the last answer changes nothing.
      if (line === undefined) return keys.at(-1) ?? '';
      if (keys.includes(line.trim())) return line.trim();
    }
  };

  type = (): void => undefined;

  focus = (pane: PaneName): void => {
    const { state } = this.store;
    state.view = this.bench.view(state.view, { callbacks: true, parameters: true });
    Object.assign(state, this.bench.list());
    const rows = panes[pane].rows(state, state.size).map((row) => stripVTControlCharacters(row).trimEnd());
    this.store.say(rows.join('\n'));
  };

  leave = async (last: readonly string[] = []): Promise<void> => {
    last.forEach((line) => this.store.say(line));
    this.left = true;
  };

  redraw = (): void => undefined;
}
