import { Imported } from './imported.js';
import { IMPORTED, toNamespace, type Namespace } from './namespace.js';
import type { GlobalType } from './protocol.js';
import type { Kind } from './top-level-names.js';

/** What a cell leaves to later ones. */
export interface Left {
  names: Iterable<[string, Kind]>;
  /** JSDoc comments of its variables. */
  comments: ReadonlyMap<string, string>;
  /** Its declarations: the text of a `.d.ts` file. */
  declarations: string;
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
  readonly #spaces = new Map<string, Namespace>();

  constructor(globals: Record<string, GlobalType>) {
    this.#globals = globals;
  }

  add(id: number, { names, comments, declarations }: Left): void {
    const space = `__cell${id}`;
    this.#spaces.set(space, toNamespace(declarations, this.imported));
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
  prelude(own: ReadonlyMap<string, unknown>, used?: ReadonlySet<string>): string {
    const isUsed = (name: string): boolean => !own.has(name) && (!used || used.has(name));
    for (const [name, type] of Object.entries(this.#globals))
      if (isUsed(name) && !this.#standing.has(name)) this.#addGlobal(name, type);
    let line = '';
    for (const [name, { space, kind, comment }] of this.#standing) {
      if (!isUsed(name)) continue;
      if (kind === 'import') line += `import ${name} = ${space}.${name};`;
      else line += `${comment}declare ${kind} ${name}: typeof ${space}.${name};`;
    }
    return `${line}\n`;
  }

  /** The file of all that was declared; `path` is what it imports `imported` from. */
  declarations(path: string): string {
    const spaces = [...this.#spaces];
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
    this.#spaces.set(space, { inside, outside: '' });
    this.#standing.set(name, { space, kind, comment: '' });
  }

  /** Declarations that no standing name leads to any more are forgotten: a cell that is run again does not add to them. */
  #dropUnused(): void {
    const used = new Set<string>();
    const use = (space: string): void => {
      if (used.has(space)) return;
      used.add(space);
      for (const [name] of this.#spaces.get(space)?.inside.matchAll(/\b__(?:cell|global_)\w+/g) ?? []) use(name);
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
