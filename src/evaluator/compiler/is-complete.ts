import ts from './typescript.js';
import type { Completeness } from '../evaluator.js';

/** Errors at the very end of the code are what another line could mend; any other makes the code invalid. */
export function isComplete(code: string): Completeness {
  const file = ts.createSourceFile(
    'cell.ts',
    code,
    { languageVersion: ts.ScriptTarget.Latest, setExternalModuleIndicator },
    true,
  );
  const { parseDiagnostics } = file as ts.SourceFile & { parseDiagnostics: readonly ts.DiagnosticWithLocation[] };
  const end = code.trimEnd().length;
  if (parseDiagnostics.length === 0) return { status: 'complete', indent: '' };
  const isOpen = parseDiagnostics.some(
    ({ code, start, length }) => start + length >= end && code !== STATEMENT_EXPECTED,
  );
  return isOpen ? { status: 'incomplete', indent: indentAfter(code) } : { status: 'invalid', indent: '' };
}

/** A closing bracket that closes nothing. */
const STATEMENT_EXPECTED = 1128;

/** A cell is a module, so that `await` may stand anywhere in it. */
function setExternalModuleIndicator(file: ts.SourceFile): void {
  Object.assign(file, { externalModuleIndicator: file });
}

function indentAfter(code: string): string {
  const line = code.slice(code.lastIndexOf('\n') + 1);
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  return /[{([]\s*$|=>\s*$/.test(line) ? `${indent}  ` : indent;
}
