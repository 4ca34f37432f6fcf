import { fit } from '../text/fit.js';
import { style } from '../text/style.js';
import { treeRows } from '../store/tree.js';
import { inputRow } from './input.js';
import { selectedIn, stretch, type Pane } from './pane.js';

/** The callbacks as a tree of their fields. */
export const callbacks: Pane = {
  items: (state) => treeRows(state).length,
  note: ({ view }) => `${view?.callbacks.filter(({ enabled }) => enabled).length ?? 0}`,
  rows(state, { columns, rows }) {
    const tree = treeRows(state);
    if (tree.length === 0) return [style.dim('  none; press a to add one')];
    const selected = selectedIn(state.selected.callbacks, tree.length);
    const { from, to } = stretch(selected, tree.length, rows);
    const longest = Math.max(0, ...tree.map(({ field }) => field?.name.length ?? 0));
    // The beginning of a name says more than that of a value.
    const widest = Math.max(8, Math.min(22, longest, columns - 14));
    return tree.slice(from, to).map(({ callback, field }, i) => {
      const here = from + i === selected;
      const mark = here ? (state.focus === 'callbacks' ? style.accent('›') : style.dim('›')) : ' ';
      if (!field) {
        const sign = state.folded.has(callback.name) ? '▸' : '▾';
        const name = callback.enabled ? style.bold(callback.name) : style.dim(`${callback.name} (disabled)`);
        return `${mark}${style.dim(sign)} ${name}`;
      }
      const name = fit(field.name, widest);
      if (here && state.input?.mode === 'field')
        return `${mark}   ${name} ${inputRow(state.input, columns - widest - 5)}`;
      const value = callback.enabled ? style.value(field.text) : style.dim(field.text);
      return `${mark}   ${here ? name : style.dim(name)} ${value}`;
    });
  },
};
