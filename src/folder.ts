import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it; one that is there is left as it is. Node's own `recursive` never comes back where a
 * system says that a folder is missing whose parent is there, as Linux does below /proc.
 */
export function makeFolder(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    makeFolder(parent);
    makeOne(path);
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
}

/** Whether there is a folder; what cannot be looked at is none. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What to say where a folder could not be made, but for what to do. */
export function cannotBeMade(folder: string, cause: unknown): { expected: string; received: string } {
  return {
    expected: `a folder that can be made: ${folder}`,
    received: cause instanceof Error ? cause.message : String(cause),
  };
}
