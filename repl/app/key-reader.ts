import type { Key } from 'ink';
import { keyNames, PASTE, pastedNames } from './key-names.js';

/** Tells keys that are pressed from text that is pasted, by the marks that a terminal puts around it. */
export class KeyReader {
  #pasting = false;

  /** @returns nothing for the marks themselves */
  read(text: string, key: Key): { names: string[]; pasted: boolean } {
    // Whoever presses Ctrl-C does not paste, even if the end of that never came.
    if (key.ctrl) this.#pasting = false;
    if (text === PASTE.begins || text === PASTE.ends) {
      this.#pasting = text === PASTE.begins;
      return { names: [], pasted: false };
    }
    return { names: this.#pasting ? pastedNames(text, key) : keyNames(text, key), pasted: this.#pasting };
  }
}
