import { readFileSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { isStrobesOwn } from '../home.js';
import { findFile, localPath } from '../local-files.js';
import { isInstalled, missing } from '../missing.js';

export type Namespace = Record<string, unknown>;

/** Runs a local TypeScript module: fills its namespace, importing what it imports through `load`. */
export type RunModule = (
  module: LocalModule,
  load: (specifier: string, options?: ImportCallOptions) => Promise<Namespace>,
) => Promise<void>;

export interface LocalModule {
  path: string;
  text: string;
  namespace: Namespace;
}

interface Loaded extends LocalModule {
  modified: number;
  /** Local modules it imports. */
  imports: Set<Loaded>;
  ready: Promise<void>;
}

/**
 * Imports of cells. Packages are Node's own to import, from the folder of the cells or else from Strobe's installation; local TypeScript
 * and JSON files are loaded here, and again when they, or local files that they import, have changed.
 */
export class Imports {
  readonly #modules = new Map<string, Loaded>();
  readonly #versions = new Map<string, number>();

  constructor(
    private readonly cwd: string,
    private readonly home: string,
    private readonly runModule: RunModule,
  ) {}

  /** What `import(specifier)` in a cell gives. */
  import(specifier: string, options?: ImportCallOptions): Promise<Namespace> {
    return this.#import(specifier, this.cwd, options, []);
  }

  async #import(
    specifier: string,
    folder: string,
    options: ImportCallOptions | undefined,
    importers: Loaded[],
  ): Promise<Namespace> {
    const absent = missing(specifier, folder, this.home);
    if (absent) throw absent;
    const path = localPath(specifier, folder);
    const file = path === undefined ? undefined : findFile(path);
    if (file === undefined) {
      const own = isStrobesOwn(specifier) || !isInstalled(specifier, folder);
      return nativeImport(own ? this.home : folder)(specifier, options);
    }
    if (file.endsWith('.json')) {
      const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
      return isRecord(value) ? { ...value, default: value } : { default: value };
    }
    if (isTypeScript(file)) return this.#local(file, importers);
    return nativeImport(folder)(this.#versioned(file), options);
  }

  async #local(path: string, importers: Loaded[]): Promise<Namespace> {
    const loaded = this.#modules.get(path);
    // A module that imports one of its importers sees what that has defined so far.
    if (loaded && importers.includes(loaded)) return loaded.namespace;
    const module = loaded && isFresh(loaded) ? loaded : this.#load(path, importers);
    importers.at(-1)?.imports.add(module);
    await module.ready;
    return module.namespace;
  }

  #load(path: string, importers: Loaded[]): Loaded {
    const module: Loaded = {
      path,
      text: readFileSync(path, 'utf8'),
      modified: statSync(path).mtimeMs,
      namespace: Object.create(null) as Namespace,
      imports: new Set(),
      ready: Promise.resolve(),
    };
    this.#modules.set(path, module);
    const load = (specifier: string, options?: ImportCallOptions): Promise<Namespace> =>
      this.#import(specifier, dirname(path), options, [...importers, module]);
    module.ready = this.runModule(module, load);
    // A module that failed is run anew by the next import.
    module.ready.catch(() => this.#modules.delete(path));
    return module;
  }

  /** Node's cache is by URL: a JavaScript file that has changed is another URL. */
  #versioned(path: string): string {
    const modified = statSync(path).mtimeMs;
    const first = this.#versions.get(path) ?? modified;
    this.#versions.set(path, first);
    const url = pathToFileURL(path);
    if (modified !== first) url.searchParams.set('modified', String(modified));
    return url.href;
  }
}

function isFresh(module: Loaded, seen = new Set<Loaded>()): boolean {
  if (seen.has(module)) return true;
  seen.add(module);
  const now = statSync(module.path, { throwIfNoEntry: false })?.mtimeMs;
  return now === module.modified && [...module.imports].every((imported) => isFresh(imported, seen));
}

function isTypeScript(path: string): boolean {
  return ['.ts', '.tsx', '.mts'].includes(extname(path));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type NativeImport = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;
const nativeImports = new Map<string, NativeImport>();

/** Node's `import()`, as if it stood in a file of that folder. */
function nativeImport(folder: string): NativeImport {
  let found = nativeImports.get(folder);
  if (!found) {
    const load = vm.compileFunction('return import(specifier, options)', ['specifier', 'options'], {
      filename: join(folder, 'cell.mjs'),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as NativeImport;
    found = (specifier, options) => withoutItsWarning(() => load(specifier, options));
    nativeImports.set(folder, found);
  }
  return found;
}

/** Node 20 warns that this way to its own loader is experimental. */
function withoutItsWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('USE_MAIN_CONTEXT_DEFAULT_LOADER'))
      Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
