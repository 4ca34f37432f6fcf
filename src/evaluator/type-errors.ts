import chalk from 'chalk';
import { codeFrame, positionAt } from './code-frame.js';
import type { Diagnostic } from './compiler/diagnostics.js';
import { StrobeError } from '../errors.js';
import type { Evaluation } from './evaluator.js';

/** A cell that does not type-check, or cannot be parsed. */
export class TypeScriptError extends StrobeError {
  override name = 'TypeScriptError';
}

/** The result of a cell that was not run, with each error's place in it. */
export function typeErrors(label: string, text: string, found: Diagnostic[]): Extract<Evaluation, { status: 'error' }> {
  const traceback = found.flatMap(({ code, message, start, length }) => {
    const { line, column } = positionAt(text, start);
    const place = chalk.cyan(`${label}:${line + 1}:${column + 1}`);
    return [
      `${place} - ${chalk.red('error')} ${chalk.dim(`TS${code}:`)} ${message}`,
      ...codeFrame(text, start, length),
      '',
    ];
  });
  const first = found[0]?.message ?? '';
  const message = found.length > 1 ? `${first} (and ${found.length - 1} more)` : first;
  return {
    status: 'error',
    phase: 'compile',
    name: 'TypeScriptError',
    message,
    traceback,
    error: new TypeScriptError(message),
  };
}
