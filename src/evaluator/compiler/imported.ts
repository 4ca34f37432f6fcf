import { isBuiltin } from 'node:module';
import type { Reach } from './earlier-cells.js';

/**
 * What earlier cells have imported, as the text of one module that hands it on: it stays read, and a program whose imports do not
 * change is the fastest to check.
 */
export class Imported {
  readonly #names = new Map<string, string>();
  readonly #modules = new Set<string>();

  /** @returns what the module calls an export of another: `*` is its namespace, `=` what it is as a whole in CommonJS */
  add(specifier: string, imported: string): string {
    const key = JSON.stringify([specifier, imported]);
    const name = this.#names.get(key) ?? `_${this.#names.size}`;
    this.#names.set(key, name);
    return name;
  }

  /** A module that is imported for what it does. */
  addModule(specifier: string): void {
    this.#modules.add(specifier);
  }

  /** @param reach `plain`: only what comes with Node */
  text(reach: Reach): string {
    const isWanted = (specifier: string): boolean => reach === 'packages' || isBuiltin(specifier);
    const modules = [...this.#modules].filter(isWanted).map((specifier) => `import ${JSON.stringify(specifier)};`);
    const names = [...this.#names].flatMap(([key, name]) => {
      const [specifier, imported] = JSON.parse(key) as [string, string];
      if (!isWanted(specifier)) return [];
      const from = JSON.stringify(specifier);
      if (imported === '=') return `import ${name} = require(${from}); export { ${name} };`;
      const what = imported === '*' ? `* as ${name}` : `{ ${imported} as ${name} }`;
      return `export ${what} from ${from};`;
    });
    return [...modules, ...names, 'export {};'].join('\n');
  }
}
