import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Callback } from '../../trainer/callback.js';
import { ModelCheckpoint } from '../model-checkpoint.js';
import { OnExceptionCheckpoint } from '../on-exception-checkpoint.js';

/** The newest of the files that these callbacks keep as their last ones; undefined if there is none. */
export function latestCheckpoint(callbacks: Iterable<Callback>): string | undefined {
  const files = [...callbacks].flatMap(lastFiles).filter((path) => existsSync(path));
  const byAge = files.map((path) => [statSync(path).mtimeMs, path] as const).sort(([a], [b]) => b - a);
  return byAge[0]?.[1];
}

/** What a fit that failed or was interrupted has left for the next one. */
export function rescuedCheckpoint(callbacks: Iterable<Callback>): string | undefined {
  const rescuers = [...callbacks].filter((callback) => callback instanceof OnExceptionCheckpoint);
  return latestCheckpoint(rescuers);
}

function lastFiles(callback: Callback): string[] {
  if (callback instanceof OnExceptionCheckpoint) return [callback.ckptPath];
  if (!(callback instanceof ModelCheckpoint)) return [];
  const { dirpath, extension, lastModelPath, nameLast } = callback;
  const there = dirpath !== undefined && existsSync(dirpath) ? readdirSync(dirpath) : [];
  const named = there.filter((name) => name.startsWith(nameLast) && name.endsWith(extension));
  return [...(lastModelPath === '' ? [] : [lastModelPath]), ...named.map((name) => join(dirpath ?? '', name))];
}
