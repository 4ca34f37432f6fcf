import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '../../src/folder.js';
import { z } from 'zod';
import { ConfigurationError, StrobeError } from '../../src/errors.js';
import type { Workbench } from '../runs/workbench.js';

/** What it takes to open the application where it was ended. */
const schema = z.object({
  file: z.string(),
  set: z.array(z.string()),
  backend: z.string().optional(),
  /** Checkpoints, that of the run at hand first. */
  checkpoints: z.array(z.string()).min(1),
  /** Where the run at hand stood. */
  position: z.object({ epoch: z.number(), batchIdx: z.number(), globalStep: z.number(), hook: z.string() }),
  time: z.string(),
});

export type Recovery = z.output<typeof schema>;

const FOLDER = '.strobe';
const RECORD = 'recovery.json';
/** Milliseconds that a run is given to come to a hook, where it can be saved. */
const PATIENCE = 5000;

/**
 * Saves the runs that no file holds, in the folder `.strobe`, for `strobe repl --recover`.
 *
 * @returns the checkpoints; none if there was nothing to save
 * @throws whatever keeps them from being saved, also that the run comes to no hook
 */
export async function saveRecovery(
  bench: Workbench,
  opened: Pick<Recovery, 'file' | 'set' | 'backend'>,
): Promise<string[]> {
  bench.interrupt();
  await within(PATIENCE, bench.halt());
  const runs = [...bench.unsaved].sort((a, b) => Number(b === bench.run) - Number(a === bench.run));
  if (runs.length === 0) return [];
  const folder = resolve(FOLDER);
  makeFolder(folder);
  const checkpoints: string[] = [];
  for (const [i, run] of runs.entries()) {
    // A connection that breaks ends every application in the folder: none may write over what another saves.
    checkpoints.push(await bench.save(run, join(folder, `recovery-${process.pid}-${i + 1}.ckpt`)));
  }
  const { epoch, batchIdx, globalStep, hook } = runs[0]?.position ?? bench.run.position;
  const position = { epoch, batchIdx, globalStep, hook };
  const record: Recovery = { ...opened, checkpoints, position, time: new Date().toISOString() };
  await writeFile(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
  return checkpoints;
}

/** Saves them, and says where they are or why that cannot be done. Gives whether it went well. */
export async function rescue(bench: Workbench, opened: Pick<Recovery, 'file' | 'set' | 'backend'>): Promise<boolean> {
  try {
    const saved = await saveRecovery(bench, opened);
    if (saved.length > 0) console.error(`Saved ${saved.join(', ')}: go on with strobe repl --recover.`);
    return true;
  } catch (error) {
    console.error('The run could not be saved:', error);
    return false;
  }
}

/**
 * What was saved when the application was last ended in this folder.
 *
 * @throws ConfigurationError if nothing was
 */
export async function readRecovery(): Promise<Recovery> {
  const path = resolve(FOLDER, RECORD);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw nothing(path, 'no such file', cause);
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw nothing(path, 'a file that is damaged', cause);
  }
}

function nothing(path: string, received: string, cause: unknown): ConfigurationError {
  const expected = `${path}, which a crash or a signal leaves behind`;
  const hint = 'start in the folder in which the application ran, or give a checkpoint: strobe repl FILE --ckpt PATH';
  return new ConfigurationError(
    StrobeError.compose('There is nothing to recover here.', { expected, received, hint }),
    { cause },
  );
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The run came to no hook in ${milliseconds / 1000} s.`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
