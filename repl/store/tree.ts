import type { CallbackView, FieldView, State } from './state.js';

/** A row of the tree of callbacks: a callback, or one of its fields. */
export type TreeRow = { callback: CallbackView; field?: FieldView };

/** The rows that are not folded away. */
export function treeRows({ view, folded }: State): TreeRow[] {
  return (view?.callbacks ?? []).flatMap((callback) => [
    { callback },
    ...(folded.has(callback.name) ? [] : callback.fields.map((field) => ({ callback, field }))),
  ]);
}
