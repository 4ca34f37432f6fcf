import { join } from 'node:path';
import ts from './typescript.js';
import { type Diagnostic, toDiagnostic } from './diagnostics.js';
import type { EarlierCells, Reach } from './earlier-cells.js';
import type { Files } from './files.js';
import { Host } from './host.js';
import { isJsx } from './parse.js';
import { exportedNames } from './top-level-names.js';

export interface WorkspaceSettings {
  cwd: string;
  home: string;
  files: Files;
  /** Libraries are read once for all workspaces. */
  registry: ts.DocumentRegistry;
  earlier: EarlierCells;
  reach: Reach;
}

/** Where questions about a cell are asked: its file, and where its text starts in that. */
export interface OpenCell {
  service: ts.LanguageService;
  path: string;
  start: number;
}

/** Only what says so imports the functions that make elements: as an option, it would have every file import them. */
const JSX_PRAGMA = '/** @jsxRuntime automatic */';

/**
 * TypeScript's language service over three files: what earlier cells imported, what they declared, and the cell at hand. Their imports
 * rarely change, so that the program can be taken over from one cell to the next.
 */
export class Workspace {
  readonly #settings: WorkspaceSettings;
  readonly #service: ts.LanguageService;
  readonly #host: Host;
  readonly #paths: { imported: string; declared: string; cell: string };
  #start = 0;

  constructor(settings: WorkspaceSettings) {
    const { cwd, home, files, registry, reach } = settings;
    this.#settings = settings;
    const path = (name: string): string => join(cwd, `.strobe-${reach}-${name}`);
    this.#paths = { imported: path('imported.ts'), declared: path('declared.d.ts'), cell: path('cell.ts') };
    this.#host = new Host({ cwd, home, files, roots: Object.values(this.#paths), cell: this.#paths.cell });
    this.#service = ts.createLanguageService(this.#host, registry);
  }

  /**
   * @param names the line that declares what earlier cells have left
   * @param exported the cell's own names
   */
  open(names: string, file: ts.SourceFile, exported: Iterable<string>): OpenCell {
    const { files, earlier, reach } = this.#settings;
    const { imported, declared, cell } = this.#paths;
    files.refresh();
    files.update(imported, earlier.imported.text(reach));
    files.update(declared, earlier.declarations(`./.strobe-${reach}-imported.js`, reach));
    const prelude = isJsx(file) ? `${JSX_PRAGMA}${names}` : names;
    this.#host.cellKind = isJsx(file) ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
    const own = exportedNames(file);
    const exports = [...exported].filter((name) => !own.has(name));
    files.write(cell, `${prelude}${file.text}\nexport { ${exports.join(', ')} };`);
    this.#start = prelude.length;
    return { service: this.#service, path: cell, start: this.#start };
  }

  /** Syntax and type errors of the cell that is open. */
  diagnostics(): Diagnostic[] {
    const { cell } = this.#paths;
    const syntax = this.#service.getSyntacticDiagnostics(cell);
    const found = syntax.length > 0 ? syntax : this.#service.getSemanticDiagnostics(cell);
    return (
      found
        .filter(({ category, file }) => category === ts.DiagnosticCategory.Error && file)
        // The prelude is not the user's: that it names what is only a type is no error.
        .filter(({ start = 0 }) => start >= this.#start)
        .map(toDiagnostic)
        .map((diagnostic) => ({ ...diagnostic, start: diagnostic.start - this.#start }))
    );
  }

  /** What the cell that is open declares, as the text of a `.d.ts` file. */
  declarations(): string {
    const { outputFiles } = this.#service.getEmitOutput(this.#paths.cell, true, true);
    return outputFiles.find(({ name }) => name.endsWith('.d.ts'))?.text ?? '';
  }

  /** A package may have been installed since it was missed. */
  forgetMissing(): void {
    this.#host.forgetMissing();
  }
}
