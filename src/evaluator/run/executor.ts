import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { missing, packageName } from '../missing.js';
import type { Rewritten } from '../compiler/rewrite.js';
import type { LocalModule, Namespace } from './imports.js';
import type { Interrupts } from './interrupts.js';
import { type Runtime, stoppable } from './runtime.js';
import type { Sources } from './traceback.js';

type Scope = Record<string, unknown>;
type Load = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;
type Body = (
  scope: Scope,
  cell: Runtime,
  require: NodeJS.Require,
  filename: string,
  dirname: string,
) => Promise<{ value: unknown } | undefined>;

/** Runs rewritten code. */
export class Executor {
  readonly #stoppable: ReturnType<typeof stoppable>;

  constructor(
    private readonly cwd: string,
    private readonly home: string,
    private readonly sources: Sources,
    interrupts: Interrupts,
  ) {
    this.#stoppable = stoppable(interrupts);
  }

  /** Runs a cell; gives the value of its last expression, when it ends with one. */
  runCell(
    label: string,
    text: string,
    code: Rewritten,
    scope: Scope,
    load: Load,
  ): Promise<{ value: unknown } | undefined> {
    const path = join(this.cwd, 'cell.ts');
    const runtime = this.#runtime(path, scope, load, {
      // An import is a variable like any other: a copy.
      bind: (namespace, names) => {
        for (const [local, imported] of names) {
          if (imported === '*') scope[local] = namespace;
          else if (imported in namespace) scope[local] = namespace[imported];
        }
      },
      export: () => undefined,
      exportAll: (namespace) => Object.assign(scope, namespace),
    });
    return this.#run(this.sources.add(label, text, code.map), code.code, path, scope, runtime);
  }

  /** Runs a local module; what it exports appears in its namespace, and stays bound to its variables. */
  async runModule({ path, text, namespace }: LocalModule, code: Rewritten, load: Load): Promise<void> {
    const scope: Scope = {};
    const define = (target: object, name: string, get: () => unknown): void => {
      Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
    };
    const runtime = this.#runtime(path, scope, load, {
      bind: (imported, names) => {
        for (const [local, name] of names) define(scope, local, () => (name === '*' ? imported : imported[name]));
      },
      export: (getters) => {
        for (const [name, get] of Object.entries(getters)) define(namespace, name, get);
      },
      exportAll: (other) => {
        for (const name of Object.keys(other))
          if (name !== 'default' && !(name in namespace)) define(namespace, name, () => other[name]);
      },
    });
    await this.#run(this.sources.add(basename(path), text, code.map), code.code, path, scope, runtime);
  }

  #runtime(path: string, scope: Scope, load: Load, names: Pick<Runtime, 'bind' | 'export' | 'exportAll'>): Runtime {
    return {
      ...this.#stoppable,
      ...names,
      import: load,
      declare: (...variables) => {
        for (const name of variables) if (!(name in scope)) scope[name] = undefined;
      },
      meta: { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) },
    };
  }

  #require(path: string): NodeJS.Require {
    return new Proxy(createRequire(path), {
      apply: (require, self, args: [string]): unknown => {
        const [id] = args;
        const name = packageName(id);
        // CommonJS looks in more places.
        const isThere = (folder: string): boolean => existsSync(join(folder, name ?? ''));
        const absent = name && !require.resolve.paths(id)?.some(isThere) && missing(id, dirname(path), this.home);
        if (absent) throw absent;
        return Reflect.apply(require, self, args);
      },
    });
  }

  #run(file: string, code: string, path: string, scope: Scope, runtime: Runtime): ReturnType<Body> {
    // The first line is the wrapper's: the code's lines keep their numbers.
    const source = `(async function (__scope, __cell, require, __filename, __dirname) { "use strict";\n${code}\n})`;
    const body = vm.runInThisContext(source, { filename: file, lineOffset: -1 }) as Body;
    return body(scope, runtime, this.#require(path), path, dirname(path));
  }
}
