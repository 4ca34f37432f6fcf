import { makeFolder } from '../folder.js';
import { ContractError, StrobeError } from '../errors.js';
import { checkOptions, TEXT } from '../options.js';

/** Measures named actions: every hook of every callback and of the module, every phase of the loops. */
export abstract class Profiler {
  readonly #open = new Map<string, number>();
  readonly #filename: string | undefined;

  /**
   * @param options where the report goes
   * @param options.filename a file, which is replaced; without it, the report is printed
   */
  constructor(options: { filename?: string } = {}) {
    checkOptions(`new ${new.target.name}`, options, { filename: TEXT });
    this.#filename = options.filename;
  }

  /** An action begins. @throws ContractError if it has begun already. */
  start(action: string): void {
    if (this.#open.has(action)) throw twice(action);
    this.#open.set(action, now());
  }

  /** An action ends. @throws ContractError if it has not begun. */
  stop(action: string): void {
    const from = this.#open.get(action);
    if (from === undefined) throw unknown(action, [...this.#open.keys()]);
    this.#open.delete(action);
    this.record(action, from, now());
  }

  /** Whether the action has begun and not ended. */
  measures(action: string): boolean {
    return this.#open.has(action);
  }

  /** Measures a function, or what its promise takes. */
  profile<T>(action: string, f: () => T): T {
    const from = now();
    const done = (): void => this.record(action, from, now());
    let pending = false;
    try {
      const result = f();
      if (!(result instanceof Promise)) return result;
      pending = true;
      return result.finally(done) as T;
    } finally {
      if (!pending) done();
    }
  }

  /** Actions that an error or an interrupt has cut short are forgotten. */
  reset(): void {
    this.#open.clear();
  }

  /** The report as text. */
  abstract summary(): string;
  /** Takes note of an action; times in microseconds of the process's monotonic clock. */
  protected abstract record(action: string, from: number, to: number): void;

  /** What goes into the file instead of the summary. */
  protected fileContents(): string {
    return this.summary();
  }

  /** A run has begun. */
  async begin(): Promise<void> {}

  /** A run has ended: the report is written, or printed. */
  async describe(print: (text: string) => void): Promise<void> {
    if (this.#filename === undefined) return print(this.summary());
    const { writeFile } = await import('node:fs/promises');
    const { dirname } = await import('node:path');
    makeFolder(dirname(this.#filename));
    await writeFile(this.#filename, this.fileContents());
  }
}

/** Microseconds on the clock that V8's profiler uses, too. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function twice(action: string): ContractError {
  return new ContractError(
    StrobeError.compose(`The profiler was told to start ${action}, which it measures already.`, {
      expected: 'a stop before the next start',
      received: `start('${action}') twice`,
      hint: 'stop it first, or give the inner one a name of its own',
    }),
  );
}

function unknown(action: string, open: string[]): ContractError {
  return new ContractError(
    StrobeError.compose(`The profiler was told to stop ${action}, which it does not measure.`, {
      expected: open.join(', ') || 'a start before the stop',
      received: `stop('${action}')`,
      hint: 'check the name, and that start was called',
    }),
  );
}
