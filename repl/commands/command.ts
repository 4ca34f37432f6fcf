import type { Run } from '../../src/index.js';
import type { PaneName, Question } from '../store/state.js';
import type { Store } from '../store/store.js';
import type { Arrival, Workbench } from '../runs/workbench.js';

/** What a command acts on. */
export interface Context {
  /** All commands and keys there are. */
  readonly commands: readonly Command[];
  readonly keys: readonly Key[];
  readonly bench: Workbench;
  readonly store: Store;
  /** Evaluates TypeScript with the live run in scope and says what came of it. */
  evaluate(code: string): Promise<void>;
  /** What an expression gives, for commands that need the value. */
  valueOf(code: string): Promise<unknown>;
  /** Says where the run stands and why. */
  tell(arrival: Arrival | { error: unknown } | undefined): void;
  /** Shows something that takes more than a few lines. */
  read(title: string, text: string): void;
  /** Asks, and gives the key that answered. */
  ask(question: Question): Promise<string>;
  /** Begins to type. */
  type(mode: 'command' | 'prompt' | 'filter' | 'field', text?: string, label?: string): void;
  focus(pane: PaneName): void;
  /** Ends the application, with lines that are read when it is gone. */
  leave(last?: readonly string[]): Promise<void>;
  redraw(): void;
}

export type Group = 'go' | 'back and aside' | 'stop at' | 'change' | 'look' | 'keep' | 'application';

/** A command: what it is called, what it does, and how. Help, completion and keys are made from these. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The key that gives it without arguments. */
  readonly key?: string;
  /** Its arguments, as help shows them. */
  readonly usage?: string;
  readonly description: string;
  readonly group: Group;
  /** What may stand as the last of these words. */
  complete?(words: readonly string[], known: { run: Run; commands: readonly Command[] }): readonly string[];
  run(args: string, context: Context): void | Promise<void>;
}

/** A key that acts on a pane, or everywhere. */
export interface Key {
  readonly key: string;
  readonly description: string;
  /** The pane in which it means this. Everywhere, if left out. */
  readonly pane?: PaneName;
  run(context: Context): void | Promise<void>;
}
