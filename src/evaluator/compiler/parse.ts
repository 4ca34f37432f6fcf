import ts from './typescript.js';

/**
 * Reads a cell. It is read as JSX where that leaves no syntax error, or fewer, and finds an element: `<T>value` and `<T>(x: T) => x`,
 * which in a .tsx file would be no TypeScript, mean in a cell what they always do.
 */
export function parse(text: string): ts.SourceFile {
  const plain = parseAs(text, ts.ScriptKind.TS);
  if (!text.includes('<')) return plain;
  const jsx = parseAs(text, ts.ScriptKind.TSX);
  const errors = syntaxErrors(jsx).length;
  const isBetter = errors === 0 || errors < syntaxErrors(plain).length;
  return isBetter && hasElement(jsx) ? jsx : plain;
}

export function isJsx({ languageVariant }: ts.SourceFile): boolean {
  return languageVariant === ts.LanguageVariant.JSX;
}

export function syntaxErrors(file: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  return (file as ts.SourceFile & { parseDiagnostics: readonly ts.DiagnosticWithLocation[] }).parseDiagnostics;
}

function parseAs(text: string, kind: ts.ScriptKind): ts.SourceFile {
  return ts.createSourceFile(
    'cell',
    text,
    { languageVersion: ts.ScriptTarget.Latest, setExternalModuleIndicator },
    false,
    kind,
  );
}

/** A cell is a module, so that `await` may stand anywhere in it. */
function setExternalModuleIndicator(file: ts.SourceFile): void {
  Object.assign(file, { externalModuleIndicator: file });
}

function hasElement(node: ts.Node): boolean {
  return (
    ts.isJsxElement(node) ||
    ts.isJsxSelfClosingElement(node) ||
    ts.isJsxFragment(node) ||
    (ts.forEachChild(node, hasElement) ?? false)
  );
}
