import type { Key as InkKey } from 'ink';
import { arrivalLines, errorText } from '../commands/arrival.js';
import { commands } from '../commands/index.js';
import type { Command, Context, Key } from '../commands/command.js';
import { keys } from '../commands/keys.js';
import { execute } from '../commands/lookup.js';
import type { Arrival, Workbench } from '../runs/workbench.js';
import type { Session } from '../session/session.js';
import { selectedIn } from '../panes/pane.js';
import type { Input, PaneName, Question } from '../store/state.js';
import { turnPage } from '../store/page.js';
import { treeRows } from '../store/tree.js';
import type { Store } from '../store/store.js';
import { complete } from './completion.js';
import { HeldKeys } from './held-keys.js';
import { KeyReader } from './key-reader.js';
import { LineEditor } from './line-editor.js';
import type { LineHistory } from '../prompt/history.js';
import type { Prompt } from '../prompt/prompt.js';

const LABELS = { command: ':', prompt: '❯', filter: '/', field: '' } as const;

/** Turns keys into commands, and what is typed into text; says what came of it. */
export class Controller implements Context {
  readonly commands: readonly Command[] = commands;
  readonly keys: readonly Key[] = keys;
  readonly bench: Workbench;
  readonly store: Store;
  readonly redraw: () => void;
  readonly leave: Context['leave'];
  readonly #reader = new KeyReader();
  readonly #prompt: Prompt;
  readonly #histories: Partial<Record<Input['mode'], LineHistory>>;
  #editor: LineEditor | undefined;
  #answer: ((key: string) => void) | undefined;
  #asked = false;
  readonly #held = new HeldKeys((name) => this.pressed(name));

  constructor(
    { bench, prompt, histories }: Session,
    store: Store,
    { redraw, leave }: Pick<Context, 'redraw' | 'leave'>,
  ) {
    this.bench = bench;
    this.store = store;
    this.#prompt = prompt;
    this.#histories = histories;
    this.redraw = redraw;
    this.leave = leave;
  }

  /** What Ink says was pressed. */
  readonly press = (text: string, key: InkKey): void => {
    const { names, pasted } = this.#reader.read(text, key);
    if (pasted) this.#paste(names);
    else for (const name of names) this.pressed(name);
  };

  /** Pasted text is typed, never done: where nothing is being typed it goes to the prompt. */
  #paste(names: string[]): void {
    const { question, page, input } = this.store.state;
    if (question || page) return;
    if (!input) this.focus('prompt');
    names.forEach((name) => this.pressed(name));
  }

  /** One key, by its name. */
  pressed(name: string): void {
    const { question, page, input } = this.store.state;
    if (name === 'ctrl+c') this.#interrupt();
    else if (this.#held.take(name)) return;
    else if (question) this.#answerWith(name, question);
    else if (page) this.store.change((state) => turnPage(state, name));
    else if (input) this.#edit(name);
    else this.#act(name);
  }

  /** Does what a line says; errors are told. */
  async execute(line: string): Promise<void> {
    this.store.say(`:${line}`, 'input');
    await this.#attempt(() => execute(line, this));
  }

  readonly evaluate = async (code: string): Promise<void> => void (await this.#prompt.evaluate(code));

  readonly valueOf = async (code: string): Promise<unknown> => this.#prompt.valueOf(code);

  readonly tell = (arrival: Arrival | { error: unknown } | undefined): void => {
    for (const { text, tone } of arrivalLines(this.bench.run, arrival)) this.store.say(text, tone);
  };

  readonly read = (title: string, text: string): void => {
    this.store.change((state) => (state.page = { title, lines: text.split('\n'), top: 0 }));
  };

  readonly ask = async (question: Question): Promise<string> => {
    this.store.change((state) => (state.question = question));
    return new Promise((resolve) => {
      this.#answer = (key) => {
        this.#answer = undefined;
        this.store.change((state) => (state.question = undefined));
        resolve(key);
      };
    });
  };

  readonly focus = (pane: PaneName): void => {
    this.store.change((state) => {
      state.focus = pane;
      if (pane === 'logs') state.unseen = 0;
    });
    if (pane !== 'prompt') return;
    this.type('prompt');
    // By the time that something is typed it may be ready.
    this.#prompt.evaluator.catch((error: unknown) => this.#tellError(error));
  };

  readonly type = (mode: Input['mode'], text = '', label: string = LABELS[mode]): void => {
    this.#editor?.close();
    this.#editor = new LineEditor({ text, history: this.#histories[mode]?.lines ?? [] }, (line) =>
      this.#typed(mode, line),
    );
    this.#show({ mode, label, before: [], offers: [] });
  };

  #stopTyping(): void {
    this.#editor?.close();
    this.#editor = undefined;
    this.store.change((state) => (state.input = undefined));
  }

  #show(how: Partial<Input>): void {
    const editor = this.#editor;
    if (!editor) return;
    this.store.change((state) => {
      const { mode = 'command', label = '', before = [] } = { ...state.input, ...how };
      state.input = { mode, label, before, offers: how.offers ?? [], text: editor.text, cursor: editor.cursor };
      if (mode === 'filter') state.metrics.filter = editor.text;
    });
  }

  #act(name: string): void {
    const { focus } = this.store.state;
    const key =
      this.keys.find((each) => each.key === name && each.pane === focus) ??
      this.keys.find((each) => each.key === name && each.pane === undefined);
    const command = this.commands.find((each) => each.key === name);
    if (key) void this.#attempt(() => key.run(this));
    else if (command) void this.#attempt(() => command.run('', this));
  }

  #edit(name: string): void {
    const { input } = this.store.state;
    const editor = this.#editor;
    if (!input || !editor) return;
    if (name === 'escape') {
      if (input.mode === 'filter') this.store.change((state) => (state.metrics.filter = ''));
      if (input.mode === 'prompt') this.store.change((state) => (state.focus = 'metrics'));
      return this.#stopTyping();
    }
    if (name === 'tab' && input.mode === 'prompt' && editor.text === '') {
      this.#stopTyping();
      return this.#act('tab');
    }
    if (name === 'shift+tab') {
      this.#stopTyping();
      return this.#act(name);
    }
    if (name === 'newline') return input.mode === 'prompt' ? this.#breakLine(editor, input) : this.#edit('space');
    if (name === 'tab') return void this.#attempt(() => this.#complete(input.mode, editor));
    if (name === 'pageup' || name === 'pagedown') {
      return this.store.change(({ back }) => (back.prompt = Math.max(0, back.prompt + (name === 'pageup' ? 5 : -5))));
    }
    const [, modifier, letter] = /^(ctrl|meta)\+(.+)$/.exec(name) ?? [];
    if (modifier) editor.press(undefined, { name: letter ?? '', [modifier]: true });
    else if (name === 'enter') editor.press(undefined, { name: 'return' });
    else if (name === 'space') editor.press(' ');
    else if (Array.from(name).length === 1) editor.press(name);
    else editor.press(undefined, { name });
    if (this.#editor === editor) this.#show({});
  }

  /** A line end in pasted text: what is before it waits for Enter, with the rest. */
  #breakLine({ text, cursor }: LineEditor, { before }: Input): void {
    const line = text.slice(0, cursor);
    this.#histories.prompt?.add(line);
    this.type('prompt', text.slice(cursor));
    this.#editor?.press(undefined, { name: 'home' });
    this.#show({ before: [...before, line] });
  }

  async #complete(mode: Input['mode'], editor: LineEditor): Promise<void> {
    const offers = await complete(mode, editor, { context: this, prompt: this.#prompt });
    if (this.#editor === editor) this.#show({ offers });
  }

  /** Enter was pressed. */
  #typed(mode: Input['mode'], line: string): void {
    switch (mode) {
      case 'command':
        this.#stopTyping();
        this.#histories.command?.add(line);
        if (line.trim()) void this.execute(line);
        return;
      case 'filter':
        return this.#stopTyping();
      case 'field':
        return this.#setField(line);
      case 'prompt':
        return void this.#attempt(() => this.#submit(line));
    }
  }

  #setField(text: string): void {
    const rows = treeRows(this.store.state);
    const row = rows[selectedIn(this.store.state.selected.callbacks, rows.length)];
    this.#stopTyping();
    if (row?.field) void this.execute(`set ${row.callback.name}.${row.field.name} ${text}`);
  }

  /** A line of TypeScript: more of the same text, or all of it. */
  async #submit(line: string): Promise<void> {
    const before = this.store.state.input?.before ?? [];
    const code = [...before, line].join('\n');
    this.#histories.prompt?.add(line);
    if (code.trim() === '') return;
    if (line.startsWith(':')) {
      void this.execute(line.slice(1));
      return this.type('prompt');
    }
    const more = line !== '' && (await this.#holding('reading TypeScript', () => this.#prompt.goesOn(code)));
    if (more) this.#show({ before: [...before, line] });
    else this.type('prompt');
    this.#held.release();
    if (!more) await this.#prompt.evaluate(code);
  }

  /** Does something that the next keys have to wait for. */
  async #holding<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#held.hold();
    this.store.change((state) => (state.working = what));
    try {
      return await work();
    } catch (error) {
      this.#held.release();
      throw error;
    } finally {
      this.store.change((state) => (state.working = undefined));
    }
  }

  #answerWith(name: string, { answers }: Question): void {
    const key = name === 'escape' ? 'n' : name;
    if (answers.some(([answer]) => answer === key)) this.#answer?.(key);
  }

  /** Ctrl-C: stops what is being done, then asks. */
  #interrupt(): void {
    const { input, question } = this.store.state;
    if (question) return this.#answer?.('y');
    if (this.#prompt.interrupt()) return;
    if (input && [...input.before, input.text].join('') !== '') return this.type(input.mode);
    if (!this.#asked && this.bench.interrupt()) {
      this.#asked = true;
      this.store.say('pausing at the next hook; Ctrl-C again to leave', 'warn');
      return;
    }
    if (input) this.#stopTyping();
    if (this.bench.playing) void this.#attempt(() => this.#leaveStuck());
    else void this.#attempt(() => execute('quit', this));
  }

  /** The run has come to stand: the next Ctrl-C is a first one. */
  stood(): void {
    this.#asked = false;
  }

  async #leaveStuck(): Promise<void> {
    const answer = await this.ask({
      text: 'The run has not come to a hook yet. Leave without saving?',
      answers: [
        ['y', 'leave'],
        ['n', 'wait'],
      ],
    });
    if (answer === 'y') await this.leave();
  }

  async #attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#tellError(error);
    }
  }

  #tellError(error: unknown): void {
    this.store.say(errorText(error), 'bad');
  }
}
