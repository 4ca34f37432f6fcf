import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules, isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { StrobeError, type ErrorParts } from '../errors.js';
import { isFolder } from '../folder.js';
import { findFile, localPath } from './local-files.js';

/** What code imports is not there. */
export class MissingImportError extends StrobeError {
  override name = 'MissingImportError';
  /** As Node's own error has it, for code that does without what it does not find. */
  readonly code: string;

  constructor(what: string, parts: ErrorParts, code = 'ERR_MODULE_NOT_FOUND') {
    super(StrobeError.compose(what, parts));
    this.code = code;
  }
}

/**
 * What is to be said of an import, in a file of that folder, of what is neither there nor in Strobe's home; undefined when it
 * is there. Node is not asked: it remembers for good what it has not found, a package that is installed later, too.
 */
export function missing(specifier: string, folder: string, home: string): MissingImportError | undefined {
  const path = localPath(specifier, folder);
  if (path !== undefined) return findFile(path) === undefined ? missingFile(specifier, path, folder) : undefined;
  if (isBuiltin(specifier)) return undefined;
  if (specifier.startsWith('node:')) return missingBuiltin(specifier);
  if (/^https?:/.test(specifier)) return fromTheNetwork(specifier);
  return [folder, home].some((place) => isInstalled(specifier, place)) ? undefined : missingPackage(specifier, folder);
}

/** Whether Node finds the package for a file in this folder. What is no package's name is for Node to judge. */
export function isInstalled(specifier: string, folder: string): boolean {
  const name = packageName(specifier);
  if (name === undefined || isBuiltin(specifier)) return true;
  const above = ancestors(folder);
  if (above.some((each) => isFolder(join(each, 'node_modules', name)))) return true;
  // A package may import itself by its name.
  const own = above.map((each) => join(each, 'package.json')).find((each) => existsSync(each));
  return own !== undefined && nameIn(own) === name;
}

/** `lodash` of `lodash/fp`; undefined for URLs, and for what else is no package. */
export function packageName(specifier: string): string | undefined {
  return /^(@[\w.~-]+\/)?[\w~-][\w.~-]*(?=\/|$)/.exec(specifier)?.[0];
}

function missingFile(specifier: string, path: string, folder: string): MissingImportError {
  const inside = dirname(path);
  const meant =
    isFolder(inside) &&
    nearest(
      path,
      namesIn(inside).map((name) => join(inside, name)),
    );
  const lookedUp = `it is looked up from ${folder}`;
  const hint = meant
    ? `perhaps '${wayTo(meant, folder)}' is meant`
    : isFolder(inside)
      ? `make the file, or correct the path: ${lookedUp}`
      : `correct the path, ${lookedUp}: there is no folder ${inside} either`;
  return new MissingImportError(`There is no file ${specifier}.`, {
    expected: `${path}, or that with .ts, .tsx, .mts, .js, .mjs, .cjs or .json`,
    received: isFolder(path) ? 'a folder without an index.ts' : 'no such file',
    hint,
  });
}

function missingBuiltin(specifier: string): MissingImportError {
  const meant = nearest(specifier, builtins());
  const parts = {
    expected: 'the name of one of its modules, such as node:fs',
    received: specifier,
    hint: meant === undefined ? 'correct the name; packages are imported without node:' : `perhaps '${meant}' is meant`,
  };
  return new MissingImportError(`Node has no module ${specifier}.`, parts, 'ERR_UNKNOWN_BUILTIN_MODULE');
}

function fromTheNetwork(specifier: string): MissingImportError {
  const parts = {
    expected: 'a package, or a file',
    received: specifier,
    hint: 'install the package with npm and import it by its name, or download the file',
  };
  return new MissingImportError('Node imports nothing from the network.', parts, 'ERR_UNSUPPORTED_ESM_URL_SCHEME');
}

function missingPackage(specifier: string, folder: string): MissingImportError {
  const name = packageName(specifier) ?? specifier;
  // Where npm installs when it is called in the folder.
  const isNpms = (place: string): boolean =>
    ['package.json', 'node_modules'].some((each) => existsSync(join(place, each)));
  const place = ancestors(folder).find(isNpms) ?? folder;
  const file = namesIn(folder).find((entry) => plain(entry) === plain(specifier));
  const meant = file ? `./${file}` : nearest(`node:${specifier}`, builtins());
  const install = `call npm install ${name} in ${place}, then run this again: nothing has to be restarted`;
  return new MissingImportError(`The package ${name} is not installed.`, {
    expected: `${name} in ${join(place, 'node_modules')}`,
    received: `an import of '${specifier}', and no such package there or above`,
    hint: meant === undefined ? install : `${install}. Or perhaps '${meant}' is meant`,
  });
}

function nameIn(packageFile: string): unknown {
  try {
    return (JSON.parse(readFileSync(packageFile, 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function namesIn(folder: string): string[] {
  return isFolder(folder) ? readdirSync(folder) : [];
}

function builtins(): string[] {
  return builtinModules.filter((name) => !name.startsWith('_')).map((name) => `node:${name}`);
}

/** The name that was meant, if one is so near that it was only misspelt. */
function nearest(name: string, names: string[]): string | undefined {
  const [best] = names
    .map((candidate) => ({ candidate, off: distance(plain(name), plain(candidate)) }))
    .sort((a, b) => a.off - b.off);
  return best && best.off <= 2 ? best.candidate : undefined;
}

function plain(path: string): string {
  return path.replace(/\.[mc]?[jt]sx?$/, '').toLowerCase();
}

function wayTo(path: string, folder: string): string {
  const way = relative(folder, path).split(sep).join('/');
  return way.startsWith('.') ? way : `./${way}`;
}
