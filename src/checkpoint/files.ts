import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../folder.js';
import { CheckpointError, StrobeError } from '../errors.js';

/**
 * Writes a file so that whoever looks, at any time and after any crash, sees the old one or the new one, whole. Makes
 * the folders it needs.
 *
 * The bytes go to a hidden file next to it (`.name.<random>.tmp`), which is flushed to the disk and then renamed. A
 * process that is killed meanwhile leaves that hidden file behind, and nothing else.
 *
 * @throws CheckpointError when it cannot be written; the old file is then as it was. What `chunks` throws comes
 * through as it is.
 */
export async function writeAtomically(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const folder = dirname(path);
  // The name may be as long as a name may be: not all of it goes into a longer one.
  const temporary = join(folder, `.${basename(path).slice(0, 50)}.${randomUUID()}.tmp`);
  await explained(path, async () => makeFolder(folder));
  try {
    await writeAndFlush(path, temporary, chunks);
    await explained(path, async () => rename(temporary, path));
  } catch (error) {
    // Why it could not be written is what counts, whatever happens here.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await explained(path, async () => flushFolder(folder));
}

async function writeAndFlush(path: string, temporary: string, chunks: Iterable<Uint8Array>): Promise<void> {
  // 'wx' never writes into a file, or through a link, that somebody else put there.
  const file = await explained(path, async () => open(temporary, 'wx'));
  try {
    for (const chunk of chunks) await explained(path, async () => file.writeFile(chunk));
    await explained(path, async () => file.sync());
  } finally {
    await file.close();
  }
}

/** Makes the rename itself survive a power failure. Windows cannot open folders, and needs no such thing. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function explained<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    const parts = {
      expected: 'a place that can be written to',
      received,
      hint: 'check the path, who may write there, and the space left on the disk',
    };
    throw new CheckpointError(StrobeError.compose(`Cannot write ${path}.`, parts), { cause });
  }
}
