import { readFile } from 'node:fs/promises';
import { ConfigurationError, StrobeError } from '../../src/errors.js';

/** A first line that is not TypeScript but says what to do with the cell. */
export interface Magic {
  name: MagicName;
  /** What follows the name on its line. */
  argument: string;
  /** The cell without the magic; lines and columns are as they were. */
  code: string;
}

export const MAGICS = {
  time: '%time CODE: runs the cell and says how long it took',
  load: '%load FILE: puts the file into the cell',
  reset: '%reset: forgets every variable',
};
type MagicName = keyof typeof MAGICS;

/** @throws ConfigurationError for a name that is none, with the names there are */
export function magicOf(code: string): Magic | undefined {
  const found = /^(\s*)%(\w*)[^\S\n]*([^\n]*)/.exec(code);
  if (!found) return undefined;
  const [line, indent = '', name = '', argument = ''] = found;
  if (!isMagic(name)) {
    throw new ConfigurationError(
      StrobeError.compose(`There is no magic %${name}.`, {
        expected: Object.values(MAGICS).join('; '),
        received: line.trim(),
        hint: 'a magic is the first thing in a cell; everything else is TypeScript',
      }),
    );
  }
  const blank = indent + ' '.repeat(line.length - indent.length - argument.length);
  return { name, argument: argument.trim(), code: blank + code.slice(line.length - argument.length) };
}

/** The text of a file, for the cell that asks for it. */
export async function loadFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    const parts = { expected: 'a file', received: file || 'no name', hint: '%load FILE, from the notebook’s folder' };
    throw new ConfigurationError(StrobeError.compose('%load found no file.', parts), { cause });
  });
}

function isMagic(name: string): name is MagicName {
  return Object.hasOwn(MAGICS, name);
}
