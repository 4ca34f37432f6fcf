import type { Key } from 'ink';

const NAMED = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  // Terminals send for the backspace key what Ink calls delete.
  ['delete', 'backspace'],
] as const satisfies readonly (readonly [keyof Key, string])[];

/** Names of the keys that were pressed, such as `up`, `ctrl+l`, `x`: text that came at once is several. */
export function keyNames(text: string, key: Key): string[] {
  const named = NAMED.find(([flag]) => key[flag]);
  if (named) return [named[1]];
  if (key.tab) return [key.shift ? 'shift+tab' : 'tab'];
  if (key.ctrl) return [`ctrl+${text}`];
  if (key.meta) return [`meta+${text}`];
  return Array.from(text).map(
    (character) =>
      ({ ' ': 'space', '\r': 'enter', '\n': 'enter', '\t': 'tab', '\u007f': 'backspace' })[character] ?? character,
  );
}

/** What a terminal that was asked to puts before and after text that is pasted, as Ink hands it on. */
export const PASTE = { begins: '[200~', ends: '[201~' } as const;

/** Keys for pasted text: in it tabs and line ends are text, not orders. */
export function pastedNames(text: string, key: Pick<Key, 'return' | 'tab'>): string[] {
  const pasted = key.return ? '\n' : key.tab ? '\t' : text;
  const clean = pasted
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '  ')
    // A character that moves the cursor would break the screen.
    .replace(/[\0-\x09\x0b-\x1f\x7f]/g, '');
  return Array.from(clean, (character) => ({ ' ': 'space', '\n': 'newline' })[character] ?? character);
}
