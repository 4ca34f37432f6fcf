import { join } from 'node:path';
import ts from 'typescript';
import { isStrobesOwn } from '../home.js';
import { Files } from './host.js';
import { EarlierCells, topLevelNames } from './earlier-cells.js';
import type { Diagnostic } from './protocol.js';

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  customConditions: ['node'],
  resolveJsonModule: true,
  allowImportingTsExtensions: true,
  esModuleInterop: true,
  jsx: ts.JsxEmit.React,
  // Safe about null, lenient with what is quickly written.
  strict: true,
  noImplicitAny: false,
  useUnknownInCatchVariables: false,
  allowUnreachableCode: true,
  allowUnusedLabels: true,
  skipLibCheck: true,
  declaration: true,
  emitDeclarationOnly: true,
};

/** TypeScript's language service over the cell at hand, what earlier cells declared, and the files they import. */
export class Language {
  readonly #files = new Files();
  readonly #earlier = new EarlierCells();
  readonly #service: ts.LanguageService;
  readonly #cwd: string;
  readonly #cell: string;
  readonly #globals: string;
  #preludeLength = 0;

  constructor(cwd: string, home: string, globals: Record<string, string>) {
    this.#cwd = cwd;
    this.#cell = join(cwd, '.strobe-cell.ts');
    this.#globals = join(cwd, '.strobe-globals.d.ts');
    const declarations = Object.entries(globals).map(([name, type]) => `  const ${name}: ${type};\n`);
    this.#files.write(this.#globals, `declare global {\n${declarations.join('')}}\nexport {};\n`);
    this.#files.write(this.#cell, '');
    this.#service = ts.createLanguageService(this.#host(home), ts.createDocumentRegistry(true, cwd));
  }

  /** Puts a cell before the compiler: the file that questions are then asked about, and where its text starts in it. */
  open(text: string): { service: ts.LanguageService; path: string; start: number } {
    const names = topLevelNames(ts.createSourceFile('cell.ts', text, ts.ScriptTarget.Latest));
    const prelude = this.#earlier.prelude(names);
    const own = [...names.keys()];
    this.#files.write(this.#cell, `${prelude}${text}\nexport { ${own.join(', ')} };`);
    this.#preludeLength = prelude.length;
    return { service: this.#service, path: this.#cell, start: prelude.length };
  }

  /** Syntax and type errors of a cell and of the files that it imports. */
  check(id: number, text: string): Diagnostic[] {
    this.open(text);
    let found = this.#diagnostics();
    if (found.some(({ code }) => code === CANNOT_FIND_MODULE)) {
      this.#files.forgetMissing();
      this.open(text);
      found = this.#diagnostics();
    }
    if (found.length === 0) this.#keep(id, text);
    return found;
  }

  /** The names of cell `id` are known to later cells; a variable that got no value is not. */
  settle(id: number, live: ReadonlySet<string>): void {
    const names = this.#unsettled.get(id);
    this.#unsettled.delete(id);
    if (!names) return;
    const standing = [...names].filter(([name, kind]) => kind === 'import' || live.has(name));
    this.#earlier.add(`./.strobe-cell-${id}`, standing);
  }

  reset(): void {
    this.#earlier.clear();
    this.#unsettled.clear();
  }

  readonly #unsettled = new Map<number, ReturnType<typeof topLevelNames>>();

  /** Keeps a cell as its declarations or, where a type can't be written down, as its source. */
  #keep(id: number, text: string): void {
    const names = topLevelNames(ts.createSourceFile('cell.ts', text, ts.ScriptTarget.Latest));
    if (names.size === 0) return;
    this.#unsettled.set(id, names);
    const path = join(this.#cwd, `.strobe-cell-${id}`);
    const { outputFiles, emitSkipped } = this.#service.getEmitOutput(this.#cell, true, true);
    const declarations = outputFiles.find(({ name }) => name.endsWith('.d.ts'));
    if (declarations && !emitSkipped) this.#files.write(`${path}.d.ts`, declarations.text);
    else this.#files.write(`${path}.ts`, this.#files.snapshot(this.#cell)?.getText(0, Number.MAX_SAFE_INTEGER) ?? '');
  }

  #diagnostics(): Diagnostic[] {
    const syntax = this.#service.getSyntacticDiagnostics(this.#cell);
    const found = syntax.length > 0 ? syntax : this.#service.getSemanticDiagnostics(this.#cell);
    return found
      .filter(({ category, file }) => category === ts.DiagnosticCategory.Error && file)
      .map(({ code, messageText, start, length }) => ({
        code,
        message: ts.flattenDiagnosticMessageText(messageText, '\n'),
        start: (start ?? 0) - this.#preludeLength,
        length: length ?? 0,
      }));
  }

  #host(home: string): ts.LanguageServiceHost {
    const files = this.#files;
    return {
      getCompilationSettings: () => compilerOptions,
      getScriptFileNames: () => [this.#globals, this.#cell],
      getScriptVersion: (path) => files.version(path),
      getScriptSnapshot: (path) => files.snapshot(path),
      getCurrentDirectory: () => this.#cwd,
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      fileExists: (path) => files.exists(path),
      readFile: (path) => files.snapshot(path)?.getText(0, Number.MAX_SAFE_INTEGER),
      directoryExists: (path) => files.folderExists(path),
      getDirectories: (path) => ts.sys.getDirectories(path),
      realpath: (path) => ts.sys.realpath?.(path) ?? path,
      resolveModuleNameLiterals: (literals, containing, redirected, options) => {
        const resolve = (name: string, from: string): ts.ResolvedModuleWithFailedLookupLocations =>
          ts.resolveModuleName(name, from, options, this.#moduleHost, undefined, redirected);
        return literals.map(({ text }) => {
          if (isStrobesOwn(text)) return resolve(text, join(home, 'index.ts'));
          const found = resolve(text, containing);
          return found.resolvedModule || text.startsWith('.') ? found : resolve(text, join(home, 'index.ts'));
        });
      },
    };
  }

  readonly #moduleHost: ts.ModuleResolutionHost = {
    fileExists: (path) => this.#files.exists(path),
    directoryExists: (path) => this.#files.folderExists(path),
    readFile: (path) => this.#files.snapshot(path)?.getText(0, Number.MAX_SAFE_INTEGER),
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
    getCurrentDirectory: () => this.#cwd,
  };
}

const CANNOT_FIND_MODULE = 2307;
