import { join } from 'node:path';
import ts from 'typescript';
import { type Diagnostic, toDiagnostic } from './diagnostics.js';
import { EarlierCells, type Left } from './earlier-cells.js';
import { Files } from './files.js';
import { Host } from './host.js';
import type { CompilerSettings } from './protocol.js';
import { documentation, identifiers, importedModules, topLevelNames } from './top-level-names.js';

/** A cell that was checked: what it will leave, when it has run. */
interface Unsettled extends Left {
  names: Map<string, 'let' | 'const' | 'import'>;
}

/**
 * TypeScript's language service over three files: what earlier cells imported, what they declared, and the cell at hand. Their imports
 * rarely change, so that the program can be taken over from one cell to the next.
 */
export class Language {
  readonly #files: Files;
  readonly #earlier: EarlierCells;
  readonly #host: Host;
  readonly #service: ts.LanguageService;
  readonly #cell: string;
  readonly #declared: string;
  readonly #imported: string;
  readonly #unsettled = new Map<number, Unsettled>();
  #preludeLength = 0;

  constructor({ cwd, home, globals }: CompilerSettings) {
    this.#files = new Files(home);
    this.#cell = join(cwd, '.strobe-cell.ts');
    this.#declared = join(cwd, '.strobe-declared.d.ts');
    this.#imported = join(cwd, '.strobe-imported.ts');
    this.#earlier = new EarlierCells(globals);
    const roots = [this.#imported, this.#declared, this.#cell];
    this.#host = new Host({ cwd, home, files: this.#files, roots });
    this.#service = ts.createLanguageService(this.#host, ts.createDocumentRegistry(true, cwd));
  }

  /**
   * Puts a cell before the compiler: the file that questions are then asked about, and where its text starts in it.
   *
   * @param all whether every earlier name is to be known, not only those in the text: for completions
   */
  open(
    text: string,
    live: readonly string[],
    all = false,
  ): { service: ts.LanguageService; path: string; start: number } {
    this.#write(parse(text), live, all);
    return { service: this.#service, path: this.#cell, start: this.#preludeLength };
  }

  /** Syntax and type errors of a cell. */
  check(id: number, text: string, live: readonly string[]): Diagnostic[] {
    const file = parse(text);
    this.#write(file, live, false);
    let found = this.#diagnostics();
    if (found.some(({ code }) => code === CANNOT_FIND_MODULE)) {
      this.#host.forgetMissing();
      this.#write(file, live, false);
      found = this.#diagnostics();
    }
    if (found.length === 0) this.#keep(id, file);
    return found;
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

  #write(file: ts.SourceFile, live: readonly string[], all: boolean): void {
    // Of a cell that still runs, variables are known that have come to be.
    for (const [id, cell] of this.#unsettled)
      this.#leave(id, cell, (name) => live.includes(name) && !this.#earlier.has(name));
    const names = topLevelNames(file);
    const prelude = this.#earlier.prelude(names, all ? undefined : identifiers(file));
    this.#preludeLength = prelude.length;
    this.#files.refresh();
    this.#files.update(this.#imported, this.#earlier.imported.text);
    this.#files.update(this.#declared, this.#earlier.declarations('./.strobe-imported.js'));
    this.#files.write(this.#cell, `${prelude}${file.text}\nexport { ${[...names.keys()].join(', ')} };`);
  }

  #leave(id: number, { names, ...cell }: Unsettled, stands: (name: string, kind: string) => boolean): void {
    const standing = [...names].filter(([name, kind]) => stands(name, kind));
    if (standing.length > 0) this.#earlier.add(id, { names: standing, ...cell });
  }

  #keep(id: number, file: ts.SourceFile): void {
    for (const name of importedModules(file)) this.#earlier.imported.addModule(name);
    const names = topLevelNames(file);
    if (names.size === 0) return;
    const { outputFiles } = this.#service.getEmitOutput(this.#cell, true, true);
    const declarations = outputFiles.find(({ name }) => name.endsWith('.d.ts'))?.text ?? '';
    this.#unsettled.set(id, { names, comments: documentation(file), declarations });
  }

  #diagnostics(): Diagnostic[] {
    const syntax = this.#service.getSyntacticDiagnostics(this.#cell);
    const found = syntax.length > 0 ? syntax : this.#service.getSemanticDiagnostics(this.#cell);
    return found
      .filter(({ category, file }) => category === ts.DiagnosticCategory.Error && file)
      .map(toDiagnostic)
      .map((diagnostic) => ({ ...diagnostic, start: diagnostic.start - this.#preludeLength }));
  }
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('cell.ts', text, ts.ScriptTarget.Latest);
}

const CANNOT_FIND_MODULE = 2307;
