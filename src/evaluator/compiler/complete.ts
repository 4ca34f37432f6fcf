import ts from './typescript.js';
import type { Completion, Completions } from '../evaluator.js';
import { isSpace, withoutSpaces } from './earlier-cells.js';
import type { OpenCell } from './workspace.js';

/** Types and documentation are looked up for so many matches: each costs the compiler some time. */
const DETAILED = 60;

export function complete({ service, path, start }: OpenCell, text: string, cursor: number): Completions {
  const prefix = /[\p{ID_Continue}$]*$/u.exec(text.slice(0, cursor))?.[0] ?? '';
  const found = service.getCompletionsAtPosition(path, start + cursor, { includeCompletionsWithInsertText: false });
  const entries = (found?.entries ?? [])
    .filter(({ name }) => name.toLowerCase().startsWith(prefix.toLowerCase()) && !isSpace(name))
    .sort(
      (a, b) =>
        Number(b.name.startsWith(prefix)) - Number(a.name.startsWith(prefix)) ||
        compare(a.sortText, b.sortText) ||
        compare(a.name, b.name),
    );
  const matches = entries.map(({ name, kind, source, data }, index): Completion => {
    if (index >= DETAILED) return { text: name, kind };
    const details = service.getCompletionEntryDetails(path, start + cursor, name, undefined, source, undefined, data);
    const documentation = ts.displayPartsToString(details?.documentation);
    return {
      text: name,
      kind,
      ...(details && { type: withoutSpaces(ts.displayPartsToString(details.displayParts)) }),
      ...(documentation && { documentation }),
    };
  });
  return {
    start: cursor - prefix.length,
    end: cursor + (/^[\p{ID_Continue}$]*/u.exec(text.slice(cursor))?.[0].length ?? 0),
    matches,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
