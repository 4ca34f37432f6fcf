import type { State } from './state.js';

const BY: Readonly<Record<string, number>> = { up: -1, down: 1, pageup: -10, pagedown: 10, space: 10 };

/** A key while a page is read: it scrolls, or closes the page. */
export function turnPage(state: State, key: string): void {
  if (!state.page) return;
  const by = BY[key];
  const { lines, top } = state.page;
  if (by === undefined) state.page = undefined;
  else state.page = { ...state.page, top: Math.max(0, Math.min(lines.length, top + by)) };
}
