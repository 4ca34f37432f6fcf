import { statSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from './typescript.js';

/** The files the compiler sees: those on disk, read once, and those that only exist in memory. */
export class Files {
  /** Grows with every change. */
  version = 0;
  readonly #memory = new Map<string, { version: string; snapshot: ts.IScriptSnapshot }>();
  readonly #installed = new Map<string, ts.IScriptSnapshot | undefined>();
  readonly #local = new Map<string, { version: string; snapshot: ts.IScriptSnapshot | undefined }>();
  #exists = new Map<string, boolean>();
  #folders = new Map<string, boolean>();
  readonly #strobe: string;

  /** @param home where Strobe is installed */
  constructor(home: string) {
    this.#strobe = join(home, 'dist') + sep;
  }

  /** Writes what is not what the file says already. */
  update(path: string, text: string): void {
    if (!this.#memory.has(path) || this.text(path) !== text) this.write(path, text);
  }

  write(path: string, text: string): void {
    this.#memory.set(path, { version: String(++this.version), snapshot: ts.ScriptSnapshot.fromString(text) });
  }

  /** Reads anew what has changed outside of the installed packages. */
  refresh(): void {
    for (const [path, { version }] of this.#local) {
      if (version === modified(path)) continue;
      this.#local.delete(path);
      this.version++;
    }
  }

  /** Looks for missing files again: a package may have been installed since. */
  forgetMissing(): void {
    this.#exists = new Map([...this.#exists].filter(([, exists]) => exists));
    this.#folders = new Map([...this.#folders].filter(([, exists]) => exists));
    this.version++;
  }

  exists(path: string): boolean {
    if (this.#memory.has(path)) return true;
    return this.#isInstalled(path) ? remember(this.#exists, path, ts.sys.fileExists) : ts.sys.fileExists(path);
  }

  folderExists(path: string): boolean {
    return remember(this.#folders, path, ts.sys.directoryExists);
  }

  snapshot(path: string): ts.IScriptSnapshot | undefined {
    const inMemory = this.#memory.get(path);
    if (inMemory) return inMemory.snapshot;
    return this.#isInstalled(path) ? remember(this.#installed, path, read) : this.#readLocal(path).snapshot;
  }

  text(path: string): string | undefined {
    const snapshot = this.snapshot(path);
    return snapshot?.getText(0, snapshot.getLength());
  }

  versionOf(path: string): string {
    return this.#memory.get(path)?.version ?? (this.#isInstalled(path) ? 'installed' : this.#readLocal(path).version);
  }

  /** Installed packages and TypeScript's own libraries do not change under a session. */
  #isInstalled(path: string): boolean {
    return path.includes('/node_modules/') || path.startsWith(this.#strobe);
  }

  #readLocal(path: string): { version: string; snapshot: ts.IScriptSnapshot | undefined } {
    return remember(this.#local, path, () => ({ version: modified(path), snapshot: read(path) }));
  }
}

function read(path: string): ts.IScriptSnapshot | undefined {
  const text = ts.sys.readFile(path);
  return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
}

function modified(path: string): string {
  return String(statSync(path, { throwIfNoEntry: false })?.mtimeMs);
}

function remember<T>(known: Map<string, T>, path: string, find: (path: string) => T): T {
  const found = known.get(path);
  if (found !== undefined || known.has(path)) return found as T;
  const value = find(path);
  known.set(path, value);
  return value;
}
