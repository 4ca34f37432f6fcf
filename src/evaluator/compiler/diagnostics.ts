import ts from './typescript.js';
import { withoutSpaces } from './earlier-cells.js';

/** A type or syntax error. */
export interface Diagnostic {
  code: number;
  message: string;
  /** Offset from the start of the cell, or of the file. */
  start: number;
  length: number;
}

export function toDiagnostic({ code, messageText, start = 0, length = 0 }: ts.Diagnostic): Diagnostic {
  return { code, message: withoutSpaces(ts.flattenDiagnosticMessageText(messageText, '\n')), start, length };
}
