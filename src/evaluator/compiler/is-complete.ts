import type { Completeness } from '../evaluator.js';
import { parse, syntaxErrors } from './parse.js';

/** Errors at the very end of the code are what another line could mend; any other makes the code invalid. */
export function isComplete(code: string): Completeness {
  const errors = syntaxErrors(parse(code));
  const end = code.trimEnd().length;
  if (errors.length === 0) return { status: 'complete', indent: '' };
  const isOpen = errors.some(({ code, start, length }) => start + length >= end && code !== STATEMENT_EXPECTED);
  return isOpen ? { status: 'incomplete', indent: indentAfter(code) } : { status: 'invalid', indent: '' };
}

/** A closing bracket that closes nothing. */
const STATEMENT_EXPECTED = 1128;

function indentAfter(code: string): string {
  const line = code.slice(code.lastIndexOf('\n') + 1);
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  return /[{([]\s*$|=>\s*$/.test(line) ? `${indent}  ` : indent;
}
