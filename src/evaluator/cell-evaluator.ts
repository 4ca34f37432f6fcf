import { basename, resolve } from 'node:path';
import type { Diagnostic } from './compiler/diagnostics.js';
import type {
  Completeness,
  Completions,
  ErrorReport,
  EvaluateOptions,
  Evaluation,
  Evaluator,
  EvaluatorOptions,
  Inspection,
} from './evaluator.js';
import { strobeHome } from './home.js';
import { missing } from './missing.js';
import { Compiler } from './run/compiler.js';
import { Executor } from './run/executor.js';
import { Imports } from './run/imports.js';
import { type Execution, Interrupts } from './run/interrupts.js';
import { Sources } from './run/traceback.js';
import { typeErrors, TypeScriptError } from './type-errors.js';

/** How long the `finally` blocks of an interrupted cell are waited for (ms). */
const GRACE = 50;

/** As TypeScript tells of a module that it does not find: imported for something, or for its effect. */
const MISSING = [2307, 2882];

export class CellEvaluator implements Evaluator {
  readonly scope: Record<string, unknown> = {};
  readonly #globals: NonNullable<EvaluatorOptions['globals']>;
  readonly #options: EvaluatorOptions;
  readonly #cwd: string;
  readonly #home = strobeHome();
  readonly #compiler: Compiler;
  readonly #interrupts = new Interrupts();
  readonly #sources = new Sources();
  readonly #executor: Executor;
  readonly #imports: Imports;
  #cells = 0;

  constructor(options: EvaluatorOptions) {
    const cwd = (this.#cwd = resolve(options.cwd));
    const home = this.#home;
    this.#options = options;
    this.#globals = options.globals ?? {};
    const types = Object.entries(this.#globals).map(([name, { value: _, ...type }]) => [name, type] as const);
    this.#compiler = new Compiler({ cwd, home, globals: Object.fromEntries(types) });
    this.#executor = new Executor(cwd, home, this.#sources, this.#interrupts);
    this.#imports = new Imports(cwd, home, async (module, load) => {
      const { path, text } = module;
      const code = await this.#compiler.call('rewrite', { path, text, known: [], unit: 'module' });
      const [error] = code.errors;
      if (error) throw new TypeScriptError(`${basename(path)} cannot be read: ${error.message}`);
      await this.#executor.runModule(module, code, load);
    });
    this.#setGlobals();
    if (options.tellStacks) this.#sources.tellStacks();
  }

  get interruptFlag(): Int32Array {
    return this.#interrupts.flag;
  }

  async evaluate(text: string, { cell, allowTypeErrors = false }: EvaluateOptions = {}): Promise<Evaluation> {
    const id = ++this.#cells;
    const label = cell ?? `Cell [${id}]`;
    const execution = this.#interrupts.begin();
    try {
      const path = '/cell.ts';
      const live = Object.keys(this.scope);
      const rewriting = this.#compiler.call('rewrite', { path, text, known: live, unit: 'cell' });
      const checking = this.#check(id, text, live);
      checking.catch(() => undefined); // Where the rewriting fails, nobody waits for it.
      const code = await rewriting;
      const checked = await this.#withinBudget(checking);
      if (execution.wasInterrupted) return { status: 'interrupted' };
      if (code.errors.length > 0) return typeErrors(label, text, code.errors);
      if (!checked) this.#reportLate(label, text, checking);
      else if (checked.length > 0 && !allowTypeErrors) return typeErrors(label, text, checked);
      const load = (specifier: string, options?: ImportCallOptions) => this.#imports.import(specifier, options);
      const running = this.#interrupts.run(execution, () =>
        this.#executor.runCell(label, text, code, this.scope, load),
      );
      const result = await this.#untilInterrupted(execution, running);
      if (execution.wasInterrupted) return { status: 'interrupted' };
      return { status: 'ok', value: result?.value, hasValue: result !== undefined };
    } catch (error) {
      if (execution.wasInterrupted) return { status: 'interrupted' };
      return { status: 'error', phase: 'run', error, ...this.explain(error) };
    } finally {
      this.#interrupts.end(execution);
      void this.#compiler.call('settle', { id, live: Object.keys(this.scope) }).catch(() => undefined);
    }
  }

  complete(text: string, cursor: number): Promise<Completions> {
    return this.#compiler.call('complete', { text, cursor, live: Object.keys(this.scope) });
  }

  inspect(text: string, cursor: number): Promise<Inspection | undefined> {
    return this.#compiler.call('inspect', { text, cursor, live: Object.keys(this.scope) });
  }

  isComplete(code: string): Promise<Completeness> {
    return this.#compiler.call('isComplete', code);
  }

  explain(error: unknown): ErrorReport {
    return this.#sources.explain(error);
  }

  interrupt(): void {
    this.#interrupts.take();
  }

  reset(): void {
    for (const name of Object.keys(this.scope)) delete this.scope[name];
    this.#setGlobals();
    void this.#compiler.call('reset', undefined).catch(() => undefined);
  }

  async dispose(): Promise<void> {
    this.#interrupts.take();
    await this.#compiler.dispose();
  }

  #setGlobals(): void {
    for (const [name, { value }] of Object.entries(this.#globals)) this.scope[name] = value;
  }

  async #check(id: number, text: string, live: string[]): Promise<Diagnostic[]> {
    const found = await this.#compiler.call('check', { id, text, live });
    return found.map((diagnostic) => {
      const specifier = MISSING.includes(diagnostic.code) ? /'(.+)'/.exec(diagnostic.message)?.[1] : undefined;
      const absent = specifier === undefined ? undefined : missing(specifier, this.#cwd, this.#home);
      return absent ? { ...diagnostic, message: absent.message } : diagnostic;
    });
  }

  /** What the checker found, unless it takes longer than a cell should wait. */
  async #withinBudget(checking: Promise<Diagnostic[]>): Promise<Diagnostic[] | undefined> {
    const budget = this.#options.typeCheckBudget ?? Infinity;
    if (budget === Infinity) return checking;
    let timer: NodeJS.Timeout | undefined;
    const out = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, budget, undefined)));
    try {
      return await Promise.race([checking, out]);
    } finally {
      clearTimeout(timer);
    }
  }

  #reportLate(label: string, text: string, checking: Promise<Diagnostic[]>): void {
    checking.then(
      (diagnostics) => {
        if (diagnostics.length === 0) return;
        const { message, traceback } = typeErrors(label, text, diagnostics);
        this.#options.onLateTypeErrors?.({ cell: label, message, traceback });
      },
      () => undefined,
    );
  }

  /** The cell's end; after an interrupt, its `finally` blocks' end, if that comes soon. */
  async #untilInterrupted<T>(execution: Execution, running: Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const gaveUp = execution.interruption.then(
      () => new Promise<undefined>((resolve) => (timer = setTimeout(resolve, GRACE, undefined))),
    );
    try {
      return await Promise.race([running, gaveUp]);
    } finally {
      clearTimeout(timer);
    }
  }
}
