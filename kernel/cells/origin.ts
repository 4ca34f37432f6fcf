import { AsyncLocalStorage } from 'node:async_hooks';
import type { Header } from '../protocol/message.js';

/** The execution of a cell, which everything that it starts belongs to: whatever is printed later is shown there. */
export interface Origin {
  /** The request's number between the threads. */
  readonly id: number;
  readonly header: Header;
  /** Tells executions of the same cell in a notebook. */
  readonly cell: string;
  readonly silent: boolean;
  readonly allowStdin: boolean;
  /** Displays that are not ready yet: they are waited for before the cell is done. */
  readonly pending: Set<Promise<unknown>>;
}

const storage = new AsyncLocalStorage<Origin | undefined>();

/** Runs work that belongs to a cell. */
export const runAs = <T>(origin: Origin | undefined, work: () => T): T => storage.run(origin, work);

/** The cell that the running code belongs to. */
export const currentOrigin = (): Origin | undefined => storage.getStore();
