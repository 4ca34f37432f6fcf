import { existsSync } from 'node:fs';
import { copyFile, readdir, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { makeFolder } from '../../folder.js';
import type { Trainer } from '../../trainer/trainer.js';

/** The folder a user gave, as an absolute path. */
export function folderFrom(dirpath: string): string {
  return resolve(dirpath.replace(/^~(?=$|[\\/])/, homedir()));
}

/** Where checkpoints go when nobody says: next to what the first logger with files writes. */
export function defaultFolder(trainer: Trainer): string {
  const logDir = trainer.loggers.find((logger) => logger.logDir !== undefined)?.logDir;
  return join(resolve(logDir ?? trainer.options.defaultRootDir), 'checkpoints');
}

/** Whether there is anything in a folder, hidden files aside. */
export async function isOccupied(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  return (await readdir(folder)).some((name) => !name.startsWith('.'));
}

export interface FreePathOptions {
  /** A file that is about to be replaced: its name is as good as free. */
  former: string;
  /** The first version tried when the plain name is taken; undefined takes the plain name in any case. */
  startingVersion: number | undefined;
}

/** The first path that no file has: plain, then with versions. */
export function freePath(pathOf: (version?: number) => string, { former, startingVersion }: FreePathOptions): string {
  const free = (path: string) => path === former || !existsSync(path);
  let path = pathOf();
  if (startingVersion === undefined) return path;
  for (let version = startingVersion; !free(path); version++) path = pathOf(version);
  return path;
}

/** Whether a path lies in a folder, at any depth. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

/** Makes `link` a relative symbolic link to `target`, in place of whatever was there; a copy where links are refused. */
export async function linkTo(target: string, link: string): Promise<void> {
  makeFolder(dirname(link));
  await rm(link, { recursive: true, force: true });
  try {
    await symlink(relative(dirname(link), target), link);
  } catch (error) {
    if (!['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(target, link);
  }
}
