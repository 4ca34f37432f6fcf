import type { Completeness, Completions, Inspection } from '../evaluator.js';
import type { Diagnostic } from './diagnostics.js';
import type { Rewritten } from './rewrite.js';

/** What the compiler's thread is started with. */
export interface CompilerSettings {
  cwd: string;
  /** Where Strobe is installed: packages that `cwd` has not got are looked for there. */
  home: string;
  /** Types of the names that every cell sees. */
  globals: Record<string, GlobalType>;
}

/** A type as TypeScript writes it, or a package: its namespace of values and types. */
export type GlobalType = { type: string } | { module: string };

/** A place in a cell, and the variables that have come to be. */
export interface Place {
  text: string;
  cursor: number;
  live: string[];
}

/** The compiler's methods, called from the main thread with a message each. */
export interface CompilerMethods {
  /** TypeScript to JavaScript, without types. */
  rewrite(source: { path: string; text: string; known: string[]; unit: 'cell' | 'module' }): Rewritten;
  /** Checks a cell; its declarations are kept until `settle` says what became of it. */
  check(cell: { id: number; text: string; live: string[] }): Diagnostic[];
  /** Cell `id` ran: its names are known to later cells, save variables that are not `live`. */
  settle(cell: { id: number; live: string[] }): void;
  complete(place: Place): Completions;
  inspect(place: Place): Inspection | undefined;
  isComplete(text: string): Completeness;
  reset(): void;
}
