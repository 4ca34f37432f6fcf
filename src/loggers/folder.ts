import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, StrobeError } from '../errors.js';
import { cannotBeMade, makeFolder } from '../folder.js';

export interface FolderOptions {
  /** Folder of all experiments. Default: the working directory. */
  saveDir?: string;
  /** Folder below it. Default `lightning_logs`. */
  name?: string;
  /** Folder below that: a number N gives `version_N`. Default: the next number that is free. */
  version?: string | number;
}

/** `<saveDir>/<name>/version_N`, the place of one run's logs; chosen and made when it is first asked for. */
export class LogFolder {
  readonly name: string;
  readonly saveDir: string;
  #version: string | number | undefined;

  constructor({ saveDir = process.cwd(), name = 'lightning_logs', version }: FolderOptions) {
    this.saveDir = saveDir;
    this.name = name;
    this.#version = version;
  }

  get version(): string | number {
    return (this.#version ??= nextVersion(join(this.saveDir, this.name)));
  }

  get path(): string {
    const { version } = this;
    const folder = join(this.saveDir, this.name, typeof version === 'number' ? `version_${version}` : version);
    // Another logger that looks for a free number must see that this one is taken.
    try {
      makeFolder(folder);
    } catch (cause) {
      throw unwritable(folder, cause);
    }
    return folder;
  }
}

function unwritable(folder: string, cause: unknown): ConfigurationError {
  const parts = {
    ...cannotBeMade(folder, cause),
    hint: "name another one: the logger's saveDir, or the trainer's defaultRootDir",
  };
  return new ConfigurationError(StrobeError.compose('The logs cannot be written there.', parts), { cause });
}

function nextVersion(root: string): number {
  if (!existsSync(root)) return 0;
  const taken = readdirSync(root).flatMap((name) => /^version_(\d+)$/.exec(name)?.[1] ?? []);
  return Math.max(-1, ...taken.map(Number)) + 1;
}
