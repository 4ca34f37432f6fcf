import { COUNT, TEXT, type Allowed } from '../options.js';

/** What the folder of a logger's files is made of. */
export const FOLDER = {
  saveDir: TEXT,
  name: TEXT,
  version: { what: 'a whole number from 0 up, or a string', holds: (value) => TEXT.holds(value) || COUNT.holds(value) },
} satisfies Record<string, Allowed>;
