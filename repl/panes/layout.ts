import type { PaneName, State } from '../store/state.js';

/** Panes above each other, with the rows that each has, its title included. */
export interface Column {
  width: number;
  panes: { name: PaneName; height: number }[];
}

export interface Layout {
  columns: Column[];
  /** Rows of the prompt, which is below everything; 0 when it is one of the panes or hidden. */
  foot: number;
}

/** Rows of the header and of the hints. */
export const HEAD = 2;
export const HINTS = 1;

/** Panes at the right, from what is looked at most. */
const SIDE: readonly PaneName[] = ['callbacks', 'parameters', 'breakpoints', 'progress', 'journal', 'logs', 'runs'];
/** Rows that a pane needs to be of use. */
const USEFUL = 6;

/** Which panes are seen, and where. The pane in focus always is. */
export function layoutOf({ size, focus, alone, split }: State): Layout {
  const rows = Math.max(4, size.rows - 1 - HEAD - HINTS);
  if (alone || rows < 9 || size.columns < 50) {
    return { columns: [{ width: size.columns, panes: [{ name: focus, height: rows }] }], foot: 0 };
  }
  const foot = clamp(Math.round(rows * split.foot), 4, rows - 5);
  const main = rows - foot;
  if (size.columns >= 170) {
    const side = clamp(Math.round(size.columns * split.side), 60, size.columns - 60);
    const half = Math.floor((side - 3) / 2);
    const left = size.columns - side - 3;
    const some = chosen(focus, Math.floor(main / USEFUL) * 2);
    const first = some.slice(0, Math.ceil(some.length / 2));
    const second = some.slice(first.length);
    return {
      columns: [
        column(left, ['metrics'], main),
        column(half, first, main),
        ...(second.length > 0 ? [column(side - half - 3, second, main)] : []),
      ],
      foot,
    };
  }
  const side = clamp(Math.round(size.columns * split.side), 20, size.columns - 30);
  return {
    columns: [
      column(size.columns - side - 3, ['metrics'], main),
      column(side, chosen(focus, Math.max(1, Math.floor(main / (USEFUL + 4)))), main),
    ],
    foot,
  };
}

/** As many panes as there is room for, the one in focus among them, in their usual order. */
function chosen(focus: PaneName, count: number): PaneName[] {
  const first = SIDE.slice(0, count);
  if (!SIDE.includes(focus) || first.includes(focus)) return first;
  return [...first.slice(0, count - 1), focus];
}

function column(width: number, names: readonly PaneName[], height: number): Column {
  const each = Math.floor(height / names.length);
  const rest = height - each * names.length;
  return { width, panes: names.map((name, i) => ({ name, height: each + (i < rest ? 1 : 0) })) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** Whether a pane is on the screen. */
export function isSeen(state: State, name: PaneName): boolean {
  return layoutOf(state).columns.some(({ panes }) => panes.some((pane) => pane.name === name));
}
