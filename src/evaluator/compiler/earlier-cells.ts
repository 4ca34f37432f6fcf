import { Imported } from './imported.js';
import { IMPORTED, toNamespace, type Namespace } from './namespace.js';
import type { GlobalType } from './protocol.js';
import { importedPackages, type Kind } from './top-level-names.js';

/** What code has to do with: the language and Node alone, or packages, too. */
export type Reach = 'plain' | 'packages';

/** What a cell leaves to later ones. */
export interface Left {
  names: Iterable<[string, Kind]>;
  /** JSDoc comments of its variables. */
  comments: ReadonlyMap<string, string>;
  /** Its declarations: the text of a `.d.ts` file. */
  declarations: string;
}

interface Space extends Namespace {
  reach: Reach;
  /** Other spaces that it names. */
  uses: string[];
}

interface Standing {
  space: string;
  kind: Kind;
  comment: string;
}

/**
 * What later cells know of earlier ones. A cell that has run is a namespace of its declarations, in one file with all others; a later
 * cell starts with a line that declares the variables, and gives the functions, classes, types and packages their names, that still stand.
 */
export class EarlierCells {
  readonly imported = new Imported();
  readonly #globals: Record<string, GlobalType>;
  readonly #standing = new Map<string, Standing>();
  readonly #spaces = new Map<string, Space>();

  constructor(globals: Record<string, GlobalType>) {
    this.#globals = globals;
  }

  add(id: number, { names, comments, declarations }: Left): void {
    const space = `__cell${id}`;
    this.#addSpace(space, toNamespace(declarations, this.imported), importedPackages(declarations).length > 0);
    for (const [name, kind] of names) this.#standing.set(name, { space, kind, comment: comments.get(name) ?? '' });
    this.#dropUnused();
  }

  has(name: string): boolean {
    return this.#standing.has(name);
  }

  clear(): void {
    this.#standing.clear();
    this.#spaces.clear();
  }

  /** The line that goes before a cell: the names that it uses, or else all, without those that it declares itself. */
  prelude(own: ReadonlyMap<string, unknown>, used?: ReadonlySet<string>): { line: string; reach: Reach } {
    const isUsed = (name: string): boolean => !own.has(name) && (!used || used.has(name));
    for (const [name, type] of Object.entries(this.#globals))
      if (isUsed(name) && !this.#standing.has(name)) this.#addGlobal(name, type);
    let line = '';
    let reach: Reach = 'plain';
    for (const [name, { space, kind, comment }] of this.#standing) {
      if (!isUsed(name)) continue;
      if (this.#spaces.get(space)?.reach === 'packages') reach = 'packages';
      if (kind === 'import') line += `import ${name} = ${space}.${name};`;
      else line += `${comment}declare ${kind} ${name}: typeof ${space}.${name};`;
    }
    return { line: `${line}\n`, reach };
  }

  /** The file of all that was declared; `path` is what it imports `imported` from. */
  declarations(path: string, reach: Reach): string {
    const spaces = [...this.#spaces].filter(([, space]) => reach === 'packages' || space.reach === 'plain');
    const global = spaces.map(([name, { inside }]) => `namespace ${name} {\n${inside}}\n`).join('');
    const outside = spaces.map(([, namespace]) => namespace.outside).join('');
    return `import * as ${IMPORTED} from ${JSON.stringify(path)};\ndeclare global {\n${global}}\n${outside}`;
  }

  /** A global is declared when it is first used: the types of a package that nobody needs are not read. */
  #addGlobal(name: string, type: GlobalType): void {
    const space = `__global_${name}`;
    const kind = 'module' in type ? 'import' : 'const';
    const inside =
      'module' in type
        ? `export import ${name} = ${IMPORTED}.${this.imported.add(type.module, '*')};\n`
        : `const ${name}: ${type.type};\n`;
    this.#addSpace(space, { inside, outside: '' }, 'module' in type || importedPackages(type.type).length > 0);
    this.#standing.set(name, { space, kind, comment: '' });
  }

  #addSpace(name: string, { inside, outside }: Namespace, usesPackages: boolean): void {
    const uses = [...inside.matchAll(/\b__(?:cell|global_)\w+/g)].map(([used]) => used);
    const isPlain = !usesPackages && uses.every((used) => this.#spaces.get(used)?.reach !== 'packages');
    this.#spaces.set(name, { inside, outside, uses, reach: isPlain ? 'plain' : 'packages' });
  }

  /** Declarations that no standing name leads to any more are forgotten: a cell that is run again does not add to them. */
  #dropUnused(): void {
    const used = new Set<string>();
    const use = (space: string): void => {
      if (used.has(space)) return;
      used.add(space);
      this.#spaces.get(space)?.uses.forEach(use);
    };
    for (const { space } of this.#standing.values()) use(space);
    for (const [name, { outside }] of this.#spaces) if (!used.has(name) && outside === '') this.#spaces.delete(name);
  }
}

/** Whether it is the name of a namespace of declarations, which is no business of a user's. */
export function isSpace(name: string): boolean {
  return /^__(?:cell|global_)\w+$/.test(name);
}

/** Types with names as the cells know them. */
export function withoutSpaces(text: string): string {
  return text.replace(/\b__(?:cell|global_)\w+\./g, '');
}
