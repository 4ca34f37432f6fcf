import { CellEvaluator } from './cell-evaluator.js';
import type { GlobalType } from './compiler/protocol.js';
import { InterruptError } from './run/interrupts.js';

export interface EvaluatorOptions {
  /** Imports resolve from this folder, and relative paths start here. */
  cwd: string;
  /** Names every cell sees. */
  globals?: Record<string, Global>;
  /**
   * How long a cell waits for the type checker, in milliseconds, before it runs unchecked: `Infinity` by default.
   * What the checker finds later goes to `onLateTypeErrors`; 0 only ever transpiles before running.
   */
  typeCheckBudget?: number;
  /**
   * Whether an error's `stack` is told in lines of the cells wherever it is printed. It sets `Error.prepareStackTrace`, which the process
   * has once. Default false: only `explain` tells so.
   */
  tellStacks?: boolean;
  /** Told of the type errors of a cell that ran before it was checked. */
  onLateTypeErrors?: (found: { cell: string; message: string; traceback: string[] }) => void;
}

/** A value with its type as TypeScript, such as `typeof import('strobe').display`, or with the module whose namespace it is. */
export type Global = { value: unknown } & GlobalType;

/**
 * Runs TypeScript cells that share their top-level variables.
 *
 * A cell runs inside the `AsyncLocalStorage` contexts of whoever called `evaluate`, and so does everything it starts: what it prints
 * later, a rejection nobody handles and an error in a timer can be traced to it.
 */
export interface Evaluator {
  /** Live top-level variables: a plain object; a later cell's assignment is seen by code that still runs. */
  readonly scope: Record<string, unknown>;
  /** Type-checks and runs a cell. A type error runs nothing. `cell` names it in traces, e.g. `In [3]`. Never rejects. */
  evaluate(code: string, options?: EvaluateOptions): Promise<Evaluation>;
  /** What could stand at `cursor`, an offset in UTF-16 units. */
  complete(code: string, cursor: number): Promise<Completions>;
  /** Type and documentation of what stands at `cursor`. */
  inspect(code: string, cursor: number): Promise<Inspection | undefined>;
  /** Whether Enter should run the code or start another line, and how that line is indented. */
  isComplete(code: string): Promise<Completeness>;
  /** An error that was not an evaluation's (a timer's, an unhandled rejection), told like one: in lines of the cells. */
  explain(error: unknown): ErrorReport;
  /** Stops the running cells: loops, calls and pending awaits throw; `finally` blocks run. Does nothing when idle. */
  interrupt(): void;
  /**
   * On a `SharedArrayBuffer`. From another thread, `Atomics.store(interruptFlag, 0, 1)` is `interrupt()`. A 2 stops, too, what a
   * finished cell left behind and what now keeps the thread busy: for when a 1 was not taken.
   */
  readonly interruptFlag: Int32Array;
  /** Forgets the variables and types of all cells. */
  reset(): void;
  /** Ends the compiler's thread and the timers of interrupted cells; the process can exit. */
  dispose(): Promise<void>;
}

export interface EvaluateOptions {
  cell?: string;
  allowTypeErrors?: boolean;
}

export type Evaluation =
  | { status: 'ok'; value: unknown; hasValue: boolean }
  | ({ status: 'error'; phase: 'compile' | 'run'; error: unknown } & ErrorReport)
  | { status: 'interrupted' };

export interface ErrorReport {
  name: string;
  message: string;
  /** Lines with ANSI colours. */
  traceback: string[];
}

/** `start` and `end` delimit what a match replaces. */
export interface Completions {
  start: number;
  end: number;
  matches: Completion[];
}

export interface Completion {
  text: string;
  /** TypeScript's word: `property`, `method`, `function`, `const`, `class`, `keyword`, ... */
  kind: string;
  type?: string;
  documentation?: string;
}

export interface Inspection {
  start: number;
  end: number;
  signature: string;
  documentation: string;
}

export interface Completeness {
  status: 'complete' | 'incomplete' | 'invalid' | 'unknown';
  indent: string;
}

/** Starts an evaluator, and its compiler in a thread of its own: it is ready when the first cell's types have been read. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  return new CellEvaluator(options);
}

/**
 * Whether the error is what stopped an interrupted cell. Code that the cell left behind is stopped by it as well, and nobody handles
 * it there: a host that listens to `unhandledRejection` and `uncaughtException` passes it over.
 */
export function isInterrupt(error: unknown): boolean {
  return error instanceof InterruptError;
}
