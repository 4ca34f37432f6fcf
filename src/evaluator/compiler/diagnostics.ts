import ts from 'typescript';

/** A type or syntax error. */
export interface Diagnostic {
  code: number;
  message: string;
  /** Offset from the start of the cell, or of the file. */
  start: number;
  length: number;
}

export function toDiagnostic({ code, messageText, start = 0, length = 0 }: ts.Diagnostic): Diagnostic {
  return { code, message: ts.flattenDiagnosticMessageText(messageText, '\n'), start, length };
}
