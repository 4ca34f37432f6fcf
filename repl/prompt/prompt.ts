import { inspect } from 'node:util';
import { textOf } from '../../src/display/bundle-of.js';
import type { Evaluation, Evaluator } from '../../src/evaluator/evaluator.js';
import { Queue } from '../runs/queue.js';
import type { Offer } from '../store/state.js';
import type { Store } from '../store/store.js';
import { style } from '../text/style.js';

/** What could stand at the end of some code. */
export interface Offers {
  /** Where in the code it begins. */
  from: number;
  offers: Offer[];
}

/** What is typed at the prompt, evaluated. The evaluator starts when it is first needed. */
export class Prompt {
  readonly #start: () => Promise<Evaluator>;
  readonly #store: Store;
  #evaluator: Promise<Evaluator> | undefined;
  readonly #queue = new Queue();
  #count = 0;
  #onStart: (evaluator: Evaluator) => void = () => undefined;
  /** How many evaluations run, where other threads see it. */
  readonly running = new Int32Array(new SharedArrayBuffer(4));

  constructor(start: () => Promise<Evaluator>, store: Store) {
    this.#start = start;
    this.#store = store;
  }

  get started(): boolean {
    return this.#evaluator !== undefined;
  }

  /** The evaluator, started now if it has not been. */
  get evaluator(): Promise<Evaluator> {
    return (this.#evaluator ??= this.#start().then((evaluator) => {
      this.#onStart(evaluator);
      return evaluator;
    }));
  }

  /** Calls the listener with the evaluator as soon as there is one. There is one listener: who watches the keyboard. */
  onStart(listener: (evaluator: Evaluator) => void): void {
    this.#onStart = listener;
  }

  /** Whether this is the beginning of something longer. */
  async goesOn(code: string): Promise<boolean> {
    return (await (await this.evaluator).isComplete(code)).status === 'incomplete';
  }

  async offers(code: string): Promise<Offers> {
    const { start, matches } = await (await this.evaluator).complete(code, code.length);
    return { from: start, offers: matches.map(({ text, type }) => ({ text, type: type?.replace(/\s+/g, ' ') })) };
  }

  /** Evaluates and says what came of it. Gives whether it ended well. */
  async evaluate(code: string): Promise<boolean> {
    this.#store.say(code, 'input');
    const evaluation = await this.#run(code);
    switch (evaluation.status) {
      case 'ok':
        if (evaluation.hasValue && evaluation.value !== undefined) this.#store.say(resultText(evaluation.value));
        return true;
      case 'error':
        // Its lines have colours of their own.
        this.#store.say(evaluation.traceback.join('\n'));
        return false;
      case 'interrupted':
        this.#store.say('interrupted', 'warn');
        return false;
    }
  }

  /** What an expression gives; throws what it throws. */
  async valueOf(code: string): Promise<unknown> {
    const evaluation = await this.#run(code);
    if (evaluation.status === 'ok') return evaluation.value;
    throw evaluation.status === 'error'
      ? (evaluation.error ?? new Error(evaluation.message))
      : new Error('interrupted');
  }

  /** Whether anything is evaluated. */
  get busy(): boolean {
    return Atomics.load(this.running, 0) > 0;
  }

  /** Stops what is evaluated. Says whether anything was. */
  interrupt(): boolean {
    if (!this.busy) return false;
    this.#queue.clear();
    this.#evaluator?.then((evaluator) => evaluator.interrupt()).catch(() => undefined);
    return true;
  }

  async dispose(): Promise<void> {
    await this.#evaluator?.then((evaluator) => evaluator.dispose());
  }

  /** One after another: a cell sees what those before it have declared. */
  async #run(code: string): Promise<Evaluation> {
    Atomics.add(this.running, 0, 1);
    try {
      const evaluation = await this.#queue.add(async () => {
        const evaluator = await this.evaluator;
        return evaluator.evaluate(code, { cell: `In [${++this.#count}]` });
      });
      return evaluation ?? { status: 'interrupted' };
    } finally {
      Atomics.sub(this.running, 0, 1);
    }
  }
}

function resultText(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const text = textOf(value);
    // What has no look of its own is inspected, in colours.
    if (text !== inspect(value)) return text;
  }
  return inspect(value, { colors: style.coloured, depth: 4 });
}
