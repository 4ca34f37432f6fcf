import type { Callback } from '../../trainer/callback.js';
import { HOOK_NAMES } from '../../trainer/hooks.js';
import { isPlainData } from '../../tensors/plain.js';
import { Table } from './table.js';

/** The callbacks of a run or a trainer in the order in which they are called: their hooks, and their fields as they are. */
export function callbacksTable({ callbacks }: { readonly callbacks: Iterable<Callback> }): Table {
  const hooks = [...HOOK_NAMES, 'onException', 'onSaveCheckpoint', 'onLoadCheckpoint'] as const;
  const rows = [...callbacks].map((callback, i) => {
    const fields = Object.entries(callback).filter(([, value]) => isPlainData(value) && value !== undefined);
    return [
      i,
      callback.constructor.name,
      hooks.filter((hook) => callback[hook] !== undefined).join(' '),
      fields.map(([name, value]) => `${name}: ${brief(value)}`).join(', '),
    ];
  });
  return new Table({ title: 'Callbacks', columns: ['', 'callback', 'hooks', 'fields'], rows });
}

/** A value as JSON, cut to what fits in a cell. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
