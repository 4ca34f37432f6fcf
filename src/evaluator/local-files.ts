import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path that an import names, if it does not name a package. */
export function localPath(specifier: string, folder: string): string | undefined {
  if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..') return resolve(folder, specifier);
  return specifier.startsWith('file:') ? fileURLToPath(specifier) : undefined;
}

/** As TypeScript resolves: the file, with an extension, the .ts file that a .js stands for, or a folder's index. */
export function findFile(path: string): string | undefined {
  const candidates = [
    path,
    ...['.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.json'].map((extension) => path + extension),
    path.replace(/\.([mc]?)js$/, '.$1ts'),
    path.replace(/\.js$/, '.tsx'),
    ...['index.ts', 'index.tsx', 'index.js'].map((index) => join(path, index)),
  ];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}
