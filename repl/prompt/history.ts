import { appendFile, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../src/folder.js';

const MOST = 1000;

/** Where a user's programs keep what they remember. */
export function historyPath(name: string): string {
  const folder = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return join(folder, 'strobe', `${name}-history`);
}

/** Lines that were typed, the newest first; kept in a file, which sessions share. */
export class LineHistory {
  readonly lines: string[] = [];
  readonly #path: string;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    this.lines.push(...text.split('\n').filter(Boolean).slice(-MOST).reverse());
  }

  /** A history that cannot be written to a file is one of this session. */
  add(line: string): void {
    if (line.trim() === '' || line === this.lines[0]) return;
    this.lines.unshift(line);
    this.#written = this.#written
      .then(() => makeFolder(dirname(this.#path)))
      .then(() => appendFile(this.#path, `${line}\n`))
      .catch(() => undefined);
  }

  /** Settles when everything is in the file. */
  async written(): Promise<void> {
    await this.#written;
  }
}
