import { randomUUID } from 'node:crypto';
import { BadRequest } from '../protocol/fields.js';
import type { QueuedCell, ShellQueue } from './shell.js';

/** The shell and the subshells that clients have made (JEP 91): each runs one cell at a time. */
export class Subshells {
  readonly #make: () => ShellQueue;
  readonly #main: ShellQueue;
  readonly #others = new Map<string, ShellQueue>();
  /** Deleted while a cell was running in them. */
  readonly #leaving = new Set<ShellQueue>();

  constructor(make: () => ShellQueue) {
    this.#make = make;
    this.#main = make();
  }

  get main(): ShellQueue {
    return this.#main;
  }

  get ids(): string[] {
    return [...this.#others.keys()];
  }

  /** Cells that run at the moment. */
  get running(): QueuedCell[] {
    return [this.#main, ...this.#others.values(), ...this.#leaving].flatMap(({ running }) => running ?? []);
  }

  create(): string {
    const id = randomUUID();
    this.#others.set(id, this.#make());
    return id;
  }

  delete(id: string): void {
    const shell = this.find(id);
    this.#others.delete(id);
    if (shell.running) this.#leaving.add(shell);
  }

  /** @throws BadRequest when there is no such subshell */
  find(id: string | null | undefined): ShellQueue {
    const shell = id === null || id === undefined ? this.#main : this.#others.get(id);
    if (!shell) throw new BadRequest(`there is no subshell ${id}`);
    return shell;
  }

  /** Ends the running cell with this id, in whichever shell. */
  finish(id: number, failed: boolean): QueuedCell | undefined {
    for (const shell of [this.#main, ...this.#others.values(), ...this.#leaving]) {
      const cell = shell.running;
      if (cell?.incoming.id !== id) continue;
      this.#leaving.delete(shell);
      shell.finish(failed);
      return cell;
    }
    return undefined;
  }
}
