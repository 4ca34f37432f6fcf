import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Characters that take one column each: ASCII, and what the panes are drawn with. Measuring each would take most of a frame. */
const NARROW =
  /^[\x20-\x7e\u00b7\u00d7\u2013\u2014\u2026\u203a\u2190-\u2193\u2500-\u259f\u25a0\u25b6\u25b8\u25be\u25cf\u275a\u276f\u2801-\u28ff]*$/;
const COLOURS = /\x1b\[[\d;]*m/g;

/** Columns that a text takes in a terminal, dressed or not. */
export function widthOf(text: string): number {
  const bare = text.includes('\x1b') ? text.replace(COLOURS, '') : text;
  return NARROW.test(bare) ? bare.length : stringWidth(bare);
}

/** More than what is in one column takes of a text, colours and the parts of an emoji included. */
const PER_COLUMN = 64;

/** The text in exactly so many columns: blanks behind it, or an ellipsis at its end. */
export function fit(whole: string, width: number): string {
  // Measuring what is far beyond the edge takes seconds where a field holds a long text.
  const text = whole.slice(0, Math.max(1, width) * PER_COLUMN);
  const own = widthOf(text);
  if (own <= width) return text + ' '.repeat(width - own);
  if (width <= 0) return '';
  const cut = longestCut(width, (less) => sliceAnsi(text, 0, width - less));
  return `${cut}…${' '.repeat(width - 1 - widthOf(cut))}`;
}

/** The same, but what is too long loses its beginning: the end of a path tells more. */
export function fitEnd(text: string, width: number): string {
  const own = widthOf(text);
  if (own <= width) return fit(text, width);
  return fit(`…${longestCut(width, (less) => sliceAnsi(text, own - width + less))}`, width);
}

/** The longest cut that leaves room for an ellipsis: a wide character at the edge, or one of many parts, is given as a whole. */
function longestCut(width: number, cutBy: (less: number) => string): string {
  for (let less = 1; less < width; less++) {
    const cut = cutBy(less);
    if (widthOf(cut) < width) return cut;
  }
  return '';
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
