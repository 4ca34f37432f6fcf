import ts from './typescript.js';
import type { Completion, Completions } from '../evaluator.js';
import { isSpace } from './earlier-cells.js';
import { signatureOf } from './inspect.js';
import type { OpenCell } from './workspace.js';

/** Types and documentation are looked up for so many matches: each costs the compiler some time. */
const DETAILED = 60;

export function complete({ service, path, start }: OpenCell, text: string, cursor: number): Completions {
  const found = service.getCompletionsAtPosition(path, start + cursor, {
    includeCompletionsWithInsertText: false,
    includeSymbol: true,
  });
  // In a text, such as the path of an import, TypeScript says what is replaced; elsewhere it is the word before the cursor.
  const span = found?.entries[0]?.replacementSpan;
  const word = /[\p{ID_Continue}$]*$/u.exec(text.slice(0, cursor))?.[0] ?? '';
  const prefix = span ? text.slice(span.start - start, cursor) : word;
  const entries = (found?.entries ?? [])
    .filter(({ name }) => name.toLowerCase().startsWith(prefix.toLowerCase()) && !isSpace(name))
    .sort(
      (a, b) =>
        Number(b.name.startsWith(prefix)) - Number(a.name.startsWith(prefix)) ||
        compare(a.sortText, b.sortText) ||
        compare(a.name, b.name),
    );
  const checker = service.getProgram()?.getTypeChecker();
  const matches = entries.map(({ name, kind, source, data, symbol }, index): Completion => {
    if (index >= DETAILED) return { text: name, kind };
    const details = service.getCompletionEntryDetails(path, start + cursor, name, undefined, source, undefined, data);
    const documentation =
      ts.displayPartsToString(details?.documentation) ||
      (checker && symbol ? documentationOfCall(symbol, checker) : '');
    return {
      text: name,
      kind,
      ...(details && { type: signatureOf(details.displayParts) }),
      ...(documentation && { documentation }),
    };
  });
  return {
    start: cursor - prefix.length,
    end: cursor + (/^[\p{ID_Continue}$]*/u.exec(text.slice(cursor))?.[0].length ?? 0),
    matches,
  };
}

/** Of a constant that is a function, such as the operations of TensorFlow.js, the function has the documentation. */
function documentationOfCall(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const actual = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const [signature] = checker.getTypeOfSymbol(actual).getCallSignatures();
  return ts.displayPartsToString(signature?.getDocumentationComment(checker));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
