import { inspect } from 'node:util';
import { bundleOf, textOf } from '../../src/display/bundle-of.js';
import type { Store } from '../store/store.js';
import type { Input } from '../store/state.js';

/** Evaluates TypeScript, as the notebook does. */
export interface Evaluator {
  readonly scope: Record<string, unknown>;
  evaluate(code: string, options?: { cell?: string }): Promise<Evaluation>;
  complete(
    code: string,
    cursor: number,
  ): Promise<{ start: number; end: number; matches: { text: string; type?: string }[] }>;
  isComplete(code: string): { status: 'complete' | 'incomplete' | 'invalid' | 'unknown'; indent: string };
  interrupt(): void;
}

type Evaluation =
  | { status: 'ok'; value: unknown; hasValue: boolean }
  | { status: 'error'; message: string; traceback: string[]; error: unknown }
  | { status: 'interrupted' };

type Mode = Input['mode'];

/** What is typed at the prompt, evaluated; what was typed before, remembered. */
export class Prompt {
  readonly #evaluator: Evaluator;
  readonly #store: Store;
  readonly #histories: Record<Mode, string[]> = { command: [], prompt: [], filter: [], field: [] };
  #count = 0;
  #evaluating = 0;

  constructor(evaluator: Evaluator, store: Store) {
    this.#evaluator = evaluator;
    this.#store = store;
  }

  history(mode: Mode): readonly string[] {
    return this.#histories[mode];
  }

  remember(mode: Mode, line: string): void {
    if (line.trim()) this.#histories[mode].unshift(line);
  }

  goesOn(code: string): boolean {
    return this.#evaluator.isComplete(code).status === 'incomplete';
  }

  async complete(code: string): Promise<{ from: number; words: string[]; shown: string[] }> {
    const { start, matches } = await this.#evaluator.complete(code, code.length);
    return {
      from: start,
      words: matches.map(({ text }) => text),
      shown: matches.map(({ text, type }) => (type ? `${text}: ${type}` : text)),
    };
  }

  /** Evaluates and says what came of it. */
  async evaluate(code: string): Promise<void> {
    this.#store.say(code, 'input');
    const evaluation = await this.#run(code);
    if (evaluation.status === 'ok' && evaluation.hasValue) this.#store.say(pretty(evaluation.value));
    if (evaluation.status === 'error') this.#store.say(evaluation.traceback.join('\n'), 'bad');
    if (evaluation.status === 'interrupted') this.#store.say('interrupted', 'warn');
  }

  async valueOf(code: string): Promise<unknown> {
    const evaluation = await this.#run(code);
    if (evaluation.status === 'ok') return evaluation.value;
    throw evaluation.status === 'error' ? evaluation.error : new Error('interrupted');
  }

  /** Stops what is evaluated, if anything is. */
  interrupt(): boolean {
    if (this.#evaluating === 0) return false;
    this.#evaluator.interrupt();
    return true;
  }

  async #run(code: string): Promise<Evaluation> {
    this.#evaluating += 1;
    try {
      return await this.#evaluator.evaluate(code, { cell: `In [${++this.#count}]` });
    } finally {
      this.#evaluating -= 1;
    }
  }
}

function pretty(value: unknown): string {
  const shows = typeof value === 'object' && value !== null && Symbol.for('Jupyter.display') in value;
  return shows ? textOf(value) : typeof value === 'string' ? inspect(value) : bundleOf(value)['text/plain'];
}
