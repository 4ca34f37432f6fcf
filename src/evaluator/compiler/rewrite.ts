import ts from './typescript.js';
import { guards } from './guards.js';
import { live, type Unit } from './live.js';
import { type Diagnostic, toDiagnostic } from './diagnostics.js';
import { elements } from './elements.js';
import { liveNames } from './names.js';
import { isJsx, parse } from './parse.js';

export interface Rewritten {
  /** The body of an async function of `__scope` and `__cell`. */
  code: string;
  /** Source map (version 3) from `code` to the lines that were given. */
  map: string;
  /** Where the source can't be parsed; then there is no code. */
  errors: Diagnostic[];
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  isolatedModules: true,
  noLib: true,
  noResolve: true,
  types: [],
  sourceMap: true,
  removeComments: true,
  jsx: ts.JsxEmit.ReactJSX,
};

/**
 * TypeScript to JavaScript, without looking at types: live variables, real imports, guards against running on after an interrupt.
 *
 * @param known live variables of earlier cells
 */
export function rewrite(fileName: string, source: string, known: ReadonlySet<string>, unit: Unit): Rewritten {
  // Names are resolved by a checker that knows this one file, which takes no time.
  const kind = unit === 'cell' && isJsx(parse(source)) ? ts.ScriptKind.TSX : undefined;
  const host: ts.CompilerHost = {
    getSourceFile: (name, version) =>
      name === fileName ? ts.createSourceFile(name, source, version, true, kind) : undefined,
    writeFile: () => undefined,
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => name === fileName,
    readFile: () => undefined,
  };
  const program = ts.createProgram([fileName], options, host);
  const file = program.getSourceFile(fileName);
  if (!file) throw new Error(`${fileName} is not in its own program`);
  const checker = program.getTypeChecker();
  const rewritten: Rewritten = { code: '', map: '', errors: program.getSyntacticDiagnostics(file).map(toDiagnostic) };
  if (rewritten.errors.length > 0) return rewritten;
  const write: ts.WriteFileCallback = (name, text) => {
    if (name.endsWith('.map')) rewritten.map = text;
    else rewritten.code = text.replace(/^export \{\};$|^\/\/# sourceMappingURL=.*$/gm, '');
  };
  const before = [live(liveNames(file, checker, known), checker, unit), guards];
  program.emit(file, write, undefined, false, { before, after: [elements] });
  return rewritten;
}
