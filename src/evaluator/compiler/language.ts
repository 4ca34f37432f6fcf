import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { type Diagnostic, toDiagnostic } from './diagnostics.js';
import { isStrobesOwn } from '../home.js';
import { Files } from './files.js';
import { documentation, EarlierCells, identifiers, importedModules, topLevelNames } from './earlier-cells.js';

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
  readonly #options: ts.CompilerOptions;
  readonly #cell: string;
  readonly #globals: string;
  readonly #imported: string;
  readonly #packages = new Set<string>();
  readonly #resolved: ts.ModuleResolutionCache;
  #preludeLength = 0;

  constructor(cwd: string, home: string, globals: Record<string, string>) {
    this.#cwd = cwd;
    this.#cell = join(cwd, '.strobe-cell.ts');
    this.#globals = join(cwd, '.strobe-globals.d.ts');
    this.#imported = join(cwd, '.strobe-imported.ts');
    this.#files.write(this.#imported, 'export {};');
    const declarations = Object.entries(globals).map(([name, type]) => `  const ${name}: ${type};\n`);
    this.#files.write(this.#globals, `declare global {\n${declarations.join('')}}\nexport {};\n`);
    this.#files.write(this.#cell, '');
    this.#options = { ...compilerOptions, typeRoots: typeRoots(cwd, home) };
    this.#resolved = ts.createModuleResolutionCache(cwd, (path) => path, this.#options);
    this.#service = ts.createLanguageService(this.#host(home), ts.createDocumentRegistry(true, cwd));
  }

  /**
   * Puts a cell before the compiler: the file that questions are then asked about, and where its text starts in it.
   *
   * @param all whether every earlier name is to be known, not only those in the text: for completions
   */
  open(text: string, all = false): { service: ts.LanguageService; path: string; start: number } {
    this.#write(parse(text), all);
    return { service: this.#service, path: this.#cell, start: this.#preludeLength };
  }

  /** Syntax and type errors of a cell. */
  check(id: number, text: string): Diagnostic[] {
    const file = parse(text);
    this.#write(file, false);
    let found = this.#diagnostics();
    if (found.some(({ code }) => code === CANNOT_FIND_MODULE)) {
      this.#forgetMissing();
      this.#write(file, false);
      found = this.#diagnostics();
    }
    if (found.length === 0) this.#keep(id, file);
    return found;
  }

  #write(file: ts.SourceFile, all: boolean): void {
    this.#files.refresh();
    const names = topLevelNames(file);
    const prelude = this.#earlier.prelude(names, all ? undefined : identifiers(file));
    this.#preludeLength = prelude.length;
    this.#files.write(this.#cell, `${prelude}${file.text}\nexport { ${[...names.keys()].join(', ')} };`);
  }

  /** A package may have been installed since it was missed. */
  #forgetMissing(): void {
    this.#files.forgetMissing();
    this.#resolved.clear();
  }

  /** The names of cell `id` are known to later cells; a variable that got no value is not. */
  settle(id: number, live: ReadonlySet<string>): void {
    const cell = this.#unsettled.get(id);
    this.#unsettled.delete(id);
    if (!cell) return;
    const standing = [...cell.names].filter(([name, kind]) => kind === 'import' || live.has(name));
    this.#earlier.add(`./.strobe-cell-${id}`, standing, cell.comments);
  }

  reset(): void {
    this.#earlier.clear();
    this.#unsettled.clear();
  }

  readonly #unsettled = new Map<
    number,
    { names: ReturnType<typeof topLevelNames>; comments: ReadonlyMap<string, string> }
  >();

  /** Keeps a cell as its declarations or, where a type can't be written down, as its source. */
  #keep(id: number, file: ts.SourceFile): void {
    this.#keepPackages(file);
    const names = topLevelNames(file);
    if (names.size === 0) return;
    this.#unsettled.set(id, { names, comments: documentation(file) });
    const path = join(this.#cwd, `.strobe-cell-${id}`);
    const { outputFiles, emitSkipped } = this.#service.getEmitOutput(this.#cell, true, true);
    const declarations = outputFiles.find(({ name }) => name.endsWith('.d.ts'));
    if (declarations && !emitSkipped) this.#files.write(`${path}.d.ts`, declarations.text);
    else this.#files.write(`${path}.ts`, this.#files.snapshot(this.#cell)?.getText(0, Number.MAX_SAFE_INTEGER) ?? '');
  }

  /** What was imported once stays read, whether or not the next cells use it. */
  #keepPackages(file: ts.SourceFile): void {
    const before = this.#packages.size;
    for (const name of importedModules(file)) this.#packages.add(name);
    if (this.#packages.size === before) return;
    this.#files.write(this.#imported, [...this.#packages].map((name) => `import ${JSON.stringify(name)};\n`).join(''));
  }

  #diagnostics(): Diagnostic[] {
    const syntax = this.#service.getSyntacticDiagnostics(this.#cell);
    const found = syntax.length > 0 ? syntax : this.#service.getSemanticDiagnostics(this.#cell);
    return found
      .filter(({ category, file }) => category === ts.DiagnosticCategory.Error && file)
      .map(toDiagnostic)
      .map((diagnostic) => ({ ...diagnostic, start: diagnostic.start - this.#preludeLength }));
  }

  #host(home: string): ts.LanguageServiceHost & { getModuleResolutionCache(): ts.ModuleResolutionCache } {
    const files = this.#files;
    return {
      getCompilationSettings: () => this.#options,
      // What has not changed as a whole is not looked at file by file.
      getProjectVersion: () => String(files.version),
      getScriptFileNames: () => [this.#globals, this.#imported, this.#cell],
      getScriptVersion: (path) => files.versionOf(path),
      getScriptSnapshot: (path) => files.snapshot(path),
      getCurrentDirectory: () => this.#cwd,
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      fileExists: (path) => files.exists(path),
      readFile: (path) => files.snapshot(path)?.getText(0, Number.MAX_SAFE_INTEGER),
      directoryExists: (path) => files.folderExists(path),
      getDirectories: (path) => ts.sys.getDirectories(path),
      realpath: (path) => ts.sys.realpath?.(path) ?? path,
      getModuleResolutionCache: () => this.#resolved,
      resolveModuleNameLiterals: (literals, containing, redirected, options) => {
        const resolve = (name: string, from: string): ts.ResolvedModuleWithFailedLookupLocations =>
          ts.resolveModuleName(name, from, options, this.#moduleHost, this.#resolved, redirected);
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

/** Types of Node come from the folder, or else from Strobe's installation. */
function typeRoots(cwd: string, home: string): string[] {
  const installed = createRequire(join(home, 'index.js')).resolve('@types/node/package.json');
  return [...(ts.getEffectiveTypeRoots({}, { getCurrentDirectory: () => cwd }) ?? []), join(installed, '..', '..')];
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('cell.ts', text, ts.ScriptTarget.Latest);
}

const CANNOT_FIND_MODULE = 2307;
