import { statSync } from 'node:fs';
import ts from 'typescript';

/** The files the compiler sees: those on disk, read once, and those that only exist in memory. */
export class Files {
  readonly #memory = new Map<string, { version: number; snapshot: ts.IScriptSnapshot }>();
  readonly #disk = new Map<string, { version: string; snapshot: ts.IScriptSnapshot | undefined }>();
  #exists = new Map<string, boolean>();
  #folders = new Map<string, boolean>();

  write(path: string, text: string): void {
    const version = (this.#memory.get(path)?.version ?? 0) + 1;
    this.#memory.set(path, { version, snapshot: ts.ScriptSnapshot.fromString(text) });
  }

  remove(path: string): void {
    this.#memory.delete(path);
  }

  /** Looks for missing files again: a package may have been installed since. */
  forgetMissing(): void {
    this.#exists = new Map([...this.#exists].filter(([, exists]) => exists));
    this.#folders = new Map([...this.#folders].filter(([, exists]) => exists));
  }

  exists(path: string): boolean {
    if (this.#memory.has(path)) return true;
    return isInstalled(path) ? remember(this.#exists, path, ts.sys.fileExists) : ts.sys.fileExists(path);
  }

  folderExists(path: string): boolean {
    return remember(this.#folders, path, ts.sys.directoryExists);
  }

  snapshot(path: string): ts.IScriptSnapshot | undefined {
    return this.#memory.get(path)?.snapshot ?? this.#read(path).snapshot;
  }

  version(path: string): string {
    const inMemory = this.#memory.get(path);
    return inMemory ? `${inMemory.version}` : this.#read(path).version;
  }

  #read(path: string): { version: string; snapshot: ts.IScriptSnapshot | undefined } {
    const known = this.#disk.get(path);
    if (known && isInstalled(path)) return known;
    const version = String(statSync(path, { throwIfNoEntry: false })?.mtimeMs);
    if (known?.version === version) return known;
    const text = ts.sys.readFile(path);
    const read = { version, snapshot: text === undefined ? undefined : ts.ScriptSnapshot.fromString(text) };
    this.#disk.set(path, read);
    return read;
  }
}

/** Installed packages and TypeScript's own libraries do not change under a session. */
function isInstalled(path: string): boolean {
  return path.includes('/node_modules/');
}

function remember(known: Map<string, boolean>, path: string, find: (path: string) => boolean): boolean {
  let found = known.get(path);
  if (found === undefined) known.set(path, (found = find(path)));
  return found;
}
