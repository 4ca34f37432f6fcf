import type { Callback } from '../../trainer/callback.js';
import { HOOK_NAMES } from '../../trainer/hooks.js';
import { isPlainData } from '../../tensors/plain.js';
import { Table } from './table.js';

const HOOKS = [...HOOK_NAMES, 'onException', 'onSaveCheckpoint', 'onLoadCheckpoint'] as const;

/** The callbacks of a run or a trainer in the order in which they are called: their hooks, and their fields as they are. */
export function callbacksTable({ callbacks }: { readonly callbacks: Iterable<Callback> }): Table {
  const rows = [...callbacks].map((callback, i) => [
    i,
    callback.constructor.name,
    hooksOf(callback).join(' '),
    callbackFields(callback)
      .map(([name, value]) => `${name}: ${brief(value)}`)
      .join(', '),
  ]);
  return new Table({ title: 'Callbacks', columns: ['', 'callback', 'hooks', 'fields'], rows });
}

/** Names of the hooks that a callback has. */
export function hooksOf(callback: Callback): string[] {
  return HOOKS.filter((hook) => callback[hook] !== undefined);
}

/** A callback's own fields that are plain data. */
export function callbackFields(callback: Callback): [name: string, value: unknown][] {
  return Object.entries(callback).filter(([, value]) => isPlainData(value) && value !== undefined);
}

/** A value as JSON, cut to what fits in a cell. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
