import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cannotBeMade, makeFolder } from '../../folder.js';
import { StrobeError } from '../../errors.js';

/**
 * Does something that only one process at a time may do. The lock of a process that is no more is taken over.
 *
 * @throws StrobeError when another process is at it.
 */
export async function holdLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    makeFolder(dirname(file));
  } catch (cause) {
    throw unwritable(dirname(file), cause);
  }
  take(file);
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

function unwritable(folder: string, cause: unknown): StrobeError {
  const parts = {
    ...cannotBeMade(folder, cause),
    hint: 'set STROBE_CACHE to a folder that you may write',
  };
  return new StrobeError(StrobeError.compose('There is no place to build in', parts), { cause });
}

function take(file: string): void {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(readFileSync(file, 'utf8'));
  if (isRunning(holder)) {
    throw new StrobeError(
      StrobeError.compose('Another build is at work', {
        expected: `one process at a time in ${dirname(file)}`,
        received: `process ${holder} has been building`,
        hint: 'wait for it, then run this again: what it has finished is kept',
      }),
    );
  }
  rmSync(file, { force: true });
  take(file);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
