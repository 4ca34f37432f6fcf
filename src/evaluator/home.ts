import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder Strobe is installed in. */
export function strobeHome(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Strobe and TensorFlow.js exist once in a process: those of this installation, whatever the folder of a cell has. */
export function isStrobesOwn(specifier: string): boolean {
  return /^(strobe|@tensorflow\/tfjs[\w-]*)($|\/)/.test(specifier);
}
