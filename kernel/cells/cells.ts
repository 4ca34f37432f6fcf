import { inspect } from 'node:util';
import chalk from 'chalk';
import type { MimeBundle } from '../../src/display/index.js';
import { bundleWhenReady } from '../../src/display/bundle-of.js';
import type { Evaluation, Evaluator } from '../../src/evaluator/evaluator.js';
import type { Request } from '../bridge.js';
import type { Fields } from '../protocol/message.js';
import { executeRequest, type ExecuteRequest } from '../protocol/requests.js';
import { loadFile, magicOf } from './magics.js';
import { runAs, type Origin } from './origin.js';
import type { Output } from './output.js';
import { dataOf } from './places.js';

/** A cell under way. */
interface Execution {
  origin: Origin;
  interrupted: boolean;
  /** Whether it has come to the evaluator. */
  evaluating: boolean;
  /** Settles what the execution waits for when it is interrupted. */
  stop: () => void;
  stopped: Promise<void>;
}

type Outcome = Evaluation & { payload?: Fields[] };

/** Runs cells and says what has come of them. */
export class Cells {
  readonly #evaluator: Promise<Evaluator>;
  readonly #output: Output;
  readonly #executions = new Map<number, Execution>();

  constructor(evaluator: Promise<Evaluator>, output: Output) {
    this.#evaluator = evaluator;
    this.#output = output;
  }

  isRunning(origin: Origin): boolean {
    return this.#executions.has(origin.id);
  }

  /** Runs a cell and gives the content of the reply. */
  async execute(request: Request, executionCount: number): Promise<Fields> {
    const { code, ...options } = executeRequest(request.content);
    const execution = begin(request, options);
    const { origin } = execution;
    this.#executions.set(origin.id, execution);
    // Cells of a subshell run beside the one of the main shell, which stays the running one.
    const isMain = !request.header.subshell_id;
    if (isMain) this.#output.running = origin;
    try {
      return await runAs(origin, () => this.#run(execution, code, options, executionCount));
    } finally {
      this.#executions.delete(origin.id);
      if (isMain) this.#output.running = undefined;
    }
  }

  /** Stops these cells, if they still run. */
  async interrupt(ids: readonly number[]): Promise<void> {
    const executions = ids.flatMap((id) => this.#executions.get(id) ?? []);
    for (const execution of executions) {
      execution.interrupted = true;
      execution.stop();
    }
    if (executions.some(({ evaluating }) => evaluating)) (await this.#evaluator).interrupt();
  }

  async #run(
    execution: Execution,
    code: string,
    { userExpressions }: Omit<ExecuteRequest, 'code'>,
    executionCount: number,
  ): Promise<Fields> {
    const outcome = await this.#outcome(execution, code, `In [${executionCount}]`);
    await this.#settle(execution);
    if (execution.interrupted || outcome.status === 'interrupted') return this.#failure(INTERRUPTED);
    if (outcome.status === 'error') return this.#failure(outcome);
    if (outcome.hasValue && outcome.value !== undefined) {
      try {
        const bundle = await Promise.race([resultOf(outcome.value), execution.stopped]);
        if (!bundle) return this.#failure(INTERRUPTED);
        const content = { execution_count: executionCount, data: dataOf(bundle), metadata: {} };
        this.#output.publish('execute_result', content);
      } catch (error) {
        return this.#failure(failureOf(error));
      }
    }
    const expressions = await this.#expressions(userExpressions);
    return { status: 'ok', payload: outcome.payload ?? [], user_expressions: expressions };
  }

  async #outcome(execution: Execution, code: string, cell: string): Promise<Outcome> {
    try {
      const evaluator = await this.#evaluator;
      if (execution.interrupted) return { status: 'interrupted' };
      if (/^\s*(exit|quit)\s*$/.test(code)) return leave();
      const magic = magicOf(code);
      if (magic?.name === 'load') return await load(magic.argument);
      if (magic?.name === 'reset') evaluator.reset();
      execution.evaluating = true;
      const begun = performance.now();
      const outcome = await evaluator.evaluate(magic?.name === 'reset' ? '' : (magic?.code ?? code), { cell });
      if (magic?.name === 'time') this.#output.text('stdout', `${duration(performance.now() - begun)}\n`);
      return outcome;
    } catch (error) {
      return failureOf(error);
    }
  }

  /** What the cell has left to be done at once is still its own: displays that are not ready, promises that are. */
  async #settle({ origin, stopped }: Execution): Promise<void> {
    await new Promise(setImmediate);
    while (origin.pending.size > 0) {
      const before = [...origin.pending];
      await Promise.race([Promise.allSettled(before), stopped.then(() => origin.pending.clear())]);
      for (const promise of before) origin.pending.delete(promise);
    }
  }

  async #expressions(expressions: Record<string, string>): Promise<Fields> {
    const evaluator = await this.#evaluator;
    const results: Fields = {};
    for (const [name, expression] of Object.entries(expressions)) {
      results[name] = await this.#expression(await evaluator.evaluate(expression, { cell: name }));
    }
    return results;
  }

  /** What an expression fails with, or its value cannot show, is its own and not the cell's. */
  async #expression(outcome: Evaluation): Promise<Fields> {
    if (outcome.status !== 'ok') return errorContent(outcome.status === 'error' ? outcome : INTERRUPTED);
    try {
      return { status: 'ok', data: dataOf(await resultOf(outcome.value)), metadata: {} };
    } catch (error) {
      return errorContent(failureOf(error));
    }
  }

  #failure(failure: Failure): Fields {
    const content = errorContent(failure);
    const { ename, evalue, traceback } = content;
    this.#output.publish('error', { ename, evalue, traceback });
    return content;
  }
}

type Failure = Pick<Extract<Evaluation, { status: 'error' }>, 'name' | 'message' | 'traceback'>;

/** What Jupyter calls a cell that was stopped, whatever the language. */
const INTERRUPTED: Failure = {
  name: 'KeyboardInterrupt',
  message: 'the cell was interrupted',
  traceback: ['KeyboardInterrupt: the cell was interrupted'],
};

function errorContent({ name, message, traceback }: Failure): Fields {
  return { status: 'error', ename: name, evalue: message, traceback };
}

/** An error of the kernel's own, such as a wrong magic, or of a value that cannot show itself. */
function failureOf(error: unknown): Extract<Evaluation, { status: 'error' }> {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const traceback = `${chalk.red(name)}: ${message}`.split('\n');
  return { status: 'error', phase: 'run', name, message, traceback, error };
}

/** As a result, a text is told from a number; `display` shows it as it is. */
async function resultOf(value: unknown): Promise<MimeBundle> {
  return typeof value === 'string' ? { 'text/plain': inspect(value) } : bundleWhenReady(value);
}

function begin({ id, header, content, metadata }: Request, options: Omit<ExecuteRequest, 'code'>): Execution {
  const cell = String(metadata['cellId'] ?? content['code']);
  const { silent, allowStdin } = options;
  const origin: Origin = { id, header, cell, silent, allowStdin, pending: new Set() };
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  return { origin, interrupted: false, evaluating: false, stop: () => stop(), stopped };
}

async function load(file: string): Promise<Outcome> {
  const payload = [{ source: 'set_next_input', text: await loadFile(file), replace: true }];
  return { status: 'ok', value: undefined, hasValue: false, payload };
}

/** What people type in a console to leave it. */
function leave(): Outcome {
  return { status: 'ok', value: undefined, hasValue: false, payload: [{ source: 'ask_exit', keepkernel: false }] };
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
