import ts from './typescript.js';
import type { Diagnostic } from './diagnostics.js';
import { EarlierCells, type Left } from './earlier-cells.js';
import { Files } from './files.js';
import { isJsx, parse } from './parse.js';
import type { CompilerSettings } from './protocol.js';
import { type Kind, documentation, identifiers, importedPackages, topLevelNames } from './top-level-names.js';
import { type OpenCell, Workspace } from './workspace.js';

/** A cell that was checked: what it will leave, when it has run. */
interface Unsettled extends Left {
  names: Map<string, Kind>;
}

/**
 * What the compiler knows of the cells. Most are about the language and Node alone: for those there is a small workspace, so that the
 * types of packages, which take their time at every cell, have to do with cells that use them.
 */
export class Language {
  readonly #earlier: EarlierCells;
  readonly #plain: Workspace;
  readonly #withPackages: Workspace;
  readonly #unsettled = new Map<number, Unsettled>();

  constructor({ cwd, home, globals }: CompilerSettings) {
    this.#earlier = new EarlierCells(globals);
    const registry = ts.createDocumentRegistry(true, cwd);
    const settings = { cwd, home, files: new Files(home), registry, earlier: this.#earlier };
    this.#plain = new Workspace({ ...settings, reach: 'plain' });
    this.#withPackages = new Workspace({ ...settings, reach: 'packages' });
  }

  /**
   * Puts a cell before the compiler, for questions.
   *
   * @param live variables that have come to be, in cells that still run, too
   * @param all whether every earlier name is to be known, not only those in the text: for completions
   */
  open(text: string, live: readonly string[], all = false): OpenCell {
    this.#leaveLive(live);
    const file = parse(text);
    const names = topLevelNames(file);
    const { line, reach } = this.#earlier.prelude(names, all ? undefined : identifiers(file));
    const isPlain = reach === 'plain' && !all && isAboutNoPackage(file);
    return (isPlain ? this.#plain : this.#withPackages).open(line, file, names.keys());
  }

  /** Syntax and type errors of a cell. */
  check(id: number, text: string, live: readonly string[]): Diagnostic[] {
    this.#leaveLive(live);
    const file = parse(text);
    const names = topLevelNames(file);
    const { line, reach } = this.#earlier.prelude(names, identifiers(file));
    const checkIn = (workspace: Workspace): Diagnostic[] => {
      workspace.open(line, file, names.keys());
      const found = workspace.diagnostics();
      if (found.length === 0) this.#keep(id, file, workspace);
      return found;
    };
    // What is wrong there may be right with what packages add.
    if (reach === 'plain' && isAboutNoPackage(file) && checkIn(this.#plain).length === 0) return [];
    const found = checkIn(this.#withPackages);
    if (!found.some(({ code }) => code === CANNOT_FIND_MODULE)) return found;
    this.#withPackages.forgetMissing();
    return checkIn(this.#withPackages);
  }

  /** The names of cell `id` are known to later cells; a variable that got no value is not. */
  settle(id: number, live: readonly string[]): void {
    const cell = this.#unsettled.get(id);
    this.#unsettled.delete(id);
    if (cell) this.#leave(id, cell, (name, kind) => kind === 'import' || live.includes(name));
  }

  reset(): void {
    this.#earlier.clear();
    this.#unsettled.clear();
  }

  /** Of a cell that still runs, the variables are known that have come to be. */
  #leaveLive(live: readonly string[]): void {
    for (const [id, cell] of this.#unsettled)
      this.#leave(id, cell, (name) => live.includes(name) && !this.#earlier.has(name));
  }

  #leave(id: number, { names, ...cell }: Unsettled, stands: (name: string, kind: Kind) => boolean): void {
    const standing = [...names].filter(([name, kind]) => stands(name, kind));
    if (standing.length > 0) this.#earlier.add(id, { names: standing, ...cell });
  }

  #keep(id: number, file: ts.SourceFile, workspace: Workspace): void {
    for (const name of importedPackages(file.text)) this.#earlier.imported.addModule(name);
    const names = topLevelNames(file);
    if (names.size === 0) return;
    this.#unsettled.set(id, { names, comments: documentation(file), declarations: workspace.declarations() });
  }
}

/** JSX is about the package that makes its elements. */
function isAboutNoPackage(file: ts.SourceFile): boolean {
  return !isJsx(file) && importedPackages(file.text).length === 0;
}

const CANNOT_FIND_MODULE = 2307;
