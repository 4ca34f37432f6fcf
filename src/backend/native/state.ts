import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../folder.js';
import { z } from 'zod';

/** The processor a TensorFlow was made for. */
export type Variant = 'cpu' | 'cuda';

/** The files of a TensorFlow that an addon is compiled and linked against. */
const librarySchema = z.object({
  /** Holds `tensorflow/c/c_api.h`. */
  include: z.string(),
  /** The shared library with TensorFlow's C functions. */
  main: z.string(),
  framework: z.string(),
});

export type Library = z.infer<typeof librarySchema>;

const stateSchema = z.object({
  format: z.literal(1),
  variant: z.enum(['cpu', 'cuda']),
  /** The folder given with `--from`; null for a wheel that was found or installed. */
  from: z.string().nullable(),
  /** Stages that have ended, in order. */
  done: z.array(z.string()),
  library: librarySchema.nullable(),
  /** What the finished engine said of itself when it was tried. */
  tried: z.object({ version: z.string(), gpu: z.boolean(), deviation: z.number() }).nullable(),
});

/** How far a build has come. */
export type BuildState = z.infer<typeof stateSchema>;

export function freshState(variant: Variant, from: string | null): BuildState {
  return { format: 1, variant, from, done: [], library: null, tried: null };
}

/** The state of the last build; null when there is none, or none this version of Strobe can read. */
export function readState(file: string): BuildState | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    // A file cut short or of another version: everything it could tell can be built again.
    return null;
  }
}

/** Written beside and renamed, so that an interrupted build leaves the old state or the new one. */
export function writeState(file: string, state: BuildState): void {
  makeFolder(dirname(file));
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
