import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text takes in a terminal, dressed or not. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The text in exactly so many columns: blanks behind it, or an ellipsis at its end. */
export function fit(text: string, width: number): string {
  const own = widthOf(text);
  if (own <= width) return text + ' '.repeat(width - own);
  if (width <= 0) return '';
  const cut = `${sliceAnsi(text, 0, width - 1)}…`;
  // A wide character at the edge leaves a column over.
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)));
}

/** The same, but what is too long loses its beginning: the end of a path tells more. */
export function fitEnd(text: string, width: number): string {
  const own = widthOf(text);
  if (own <= width) return fit(text, width);
  return fit(`…${sliceAnsi(text, own - width + 1)}`, width);
}

/** One text at the left, one at the right; the left one gives way. */
export function spread(left: string, right: string, width: number): string {
  const room = Math.max(0, width - widthOf(right) - 1);
  return fit(`${fit(left, room)} ${right}`, width);
}

/** Lines of at most so many columns. Tabs and control characters that would move the cursor are taken out. */
export function wrap(text: string, width: number): string[] {
  const clean = text.replaceAll('\t', '  ').replace(/\r|\x1b\[[0-9;?]*[A-HJKSTfhl]/g, '');
  return wrapAnsi(clean, Math.max(1, width), { hard: true, trim: false }).split('\n');
}

/** Words one after another, as many as there is room for: those that are left over are left out. */
export function fill(words: readonly string[], width: number, gap = '  '): string {
  let line = '';
  for (const word of words) {
    const longer = line === '' ? word : line + gap + word;
    if (widthOf(longer) > width) break;
    line = longer;
  }
  return line;
}
