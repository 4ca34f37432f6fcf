import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from './typescript.js';
import { isStrobesOwn } from '../home.js';
import type { Files } from './files.js';

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
  jsx: ts.JsxEmit.Preserve,
  skipLibCheck: true,
};

export interface HostSettings {
  cwd: string;
  home: string;
  files: Files;
  roots: string[];
  /** The file of the cell at hand. */
  cell: string;
}

/** What the language service asks for: options, files, and which file an import means. */
export class Host implements ts.LanguageServiceHost {
  readonly #settings: HostSettings;
  readonly #options: ts.CompilerOptions;
  readonly #resolved: ts.ModuleResolutionCache;
  /** Whether the cell at hand is read as JSX. */
  cellKind = ts.ScriptKind.TS;

  constructor(settings: HostSettings) {
    const { cwd, home } = settings;
    this.#settings = settings;
    this.#options = { ...compilerOptions, typeRoots: typeRoots(cwd, home) };
    this.#resolved = ts.createModuleResolutionCache(cwd, (path) => path, this.#options);
  }

  readonly useCaseSensitiveFileNames = (): boolean => ts.sys.useCaseSensitiveFileNames;
  readonly getCompilationSettings = (): ts.CompilerOptions => this.#options;
  /** What has not changed as a whole is not looked at file by file. */
  readonly getProjectVersion = (): string => String(this.#settings.files.version);
  readonly getScriptFileNames = (): string[] => this.#settings.roots;
  /** Other files' kinds are in their names. */
  readonly getScriptKind = (path: string): ts.ScriptKind =>
    path === this.#settings.cell ? this.cellKind : ts.ScriptKind.Unknown;
  readonly getScriptVersion = (path: string): string => this.#settings.files.versionOf(path);
  readonly getScriptSnapshot = (path: string): ts.IScriptSnapshot | undefined => this.#settings.files.snapshot(path);
  readonly getCurrentDirectory = (): string => this.#settings.cwd;
  readonly getDefaultLibFileName = (options: ts.CompilerOptions): string => ts.getDefaultLibFilePath(options);
  readonly fileExists = (path: string): boolean => this.#settings.files.exists(path);
  readonly readFile = (path: string): string | undefined => this.#settings.files.text(path);
  readonly directoryExists = (path: string): boolean => this.#settings.files.folderExists(path);
  readonly getDirectories = (path: string): string[] => ts.sys.getDirectories(path);
  /** For completions of paths. */
  readonly readDirectory = ts.sys.readDirectory;
  readonly realpath = (path: string): string => ts.sys.realpath?.(path) ?? path;
  readonly getModuleResolutionCache = (): ts.ModuleResolutionCache => this.#resolved;

  /** A package that the cells' folder does not have may be one of Strobe's. */
  readonly resolveModuleNameLiterals: NonNullable<ts.LanguageServiceHost['resolveModuleNameLiterals']> = (
    literals,
    containing,
    redirected,
    options,
  ) => {
    const inStrobe = join(this.#settings.home, 'index.ts');
    const resolve = (name: string, from: string): ts.ResolvedModuleWithFailedLookupLocations =>
      ts.resolveModuleName(name, from, options, this, this.#resolved, redirected);
    return literals.map(({ text }) => {
      if (isStrobesOwn(text)) return resolve(text, inStrobe);
      const found = resolve(text, containing);
      return found.resolvedModule || text.startsWith('.') ? found : resolve(text, inStrobe);
    });
  };

  /** A package may have been installed since it was missed. */
  forgetMissing(): void {
    this.#settings.files.forgetMissing();
    this.#resolved.clear();
  }
}

/** Types of Node come from the folder, or else from Strobe's installation. */
function typeRoots(cwd: string, home: string): string[] {
  const installed = createRequire(join(home, 'index.js')).resolve('@types/node/package.json');
  return [...(ts.getEffectiveTypeRoots({}, { getCurrentDirectory: () => cwd }) ?? []), join(installed, '..', '..')];
}
