import sliceAnsi from 'slice-ansi';
import { widthOf } from '../text/fit.js';
import { style } from '../text/style.js';
import type { Input } from '../store/state.js';

/** What is being typed, with its cursor, scrolled so that the cursor is seen. */
export function inputRow({ text, cursor }: Pick<Input, 'text' | 'cursor'>, width: number): string {
  const [left, right] = [text.slice(0, cursor), text.slice(cursor)];
  const [under = ' '] = Array.from(right);
  const row = left + (style.weighted ? style.inverse(under) : `▏${under}`) + right.slice(under.length);
  const room = Math.max(1, width - 1);
  const from = Math.max(0, widthOf(left) - room + 1);
  return sliceAnsi(row, from, from + room + 1);
}
