import { wrap } from '../text/fit.js';
import type { Command, Key } from './command.js';

/** Columns of the key, and of what is typed. */
const KEY = 10;
const TYPED = 32;

/** All keys and commands, made from their tables, in lines of at most so many columns. */
export function helpText(commands: readonly Command[], keys: readonly Key[], columns = 100): string {
  const groups = [...new Set(commands.map(({ group }) => group))];
  const panes = [...new Set(keys.map(({ pane }) => pane))];
  return [
    'Press a key, or : and a command. Commands that take arguments are typed.',
    ...groups.map((group) => {
      const own = commands.filter((command) => command.group === group);
      const rows = own.map(({ key = '', description, ...called }) =>
        row([key.padEnd(KEY), typed(called).padEnd(TYPED)], description, columns),
      );
      return [group.toUpperCase(), ...rows].join('\n');
    }),
    ...panes.map((pane) => {
      const own = keys.filter((key) => key.pane === pane);
      const rows = own.map(({ key, description }) => row([key.padEnd(KEY)], description, columns));
      return [(pane === undefined ? 'everywhere' : `in ${pane}`).toUpperCase(), ...rows].join('\n');
    }),
  ].join('\n\n');
}

function typed({ name, aliases = [], usage = '' }: Pick<Command, 'name' | 'aliases' | 'usage'>): string {
  return `${[name, ...aliases].join(', ')} ${usage}`.trim();
}

/** Cells, and a description in what room is left, below itself if it takes several lines. */
function row(cells: readonly string[], description: string, columns: number): string {
  const head = `  ${cells.join('')}`;
  const indent = 2 + cells.reduce((sum, _, i) => sum + (i === 0 ? KEY : TYPED), 0);
  const [first = '', ...rest] = wrap(description, Math.max(20, columns - indent - 1)).map((line) => line.trim());
  const begin = head.length > indent ? [head.trimEnd(), ' '.repeat(indent) + first] : [head + first];
  return [...begin, ...rest.map((line) => ' '.repeat(indent) + line)].join('\n');
}

/** One command. */
export function helpOn({ name, aliases = [], usage = '', description, key }: Command): string {
  const also = aliases.length > 0 ? ` (or ${aliases.join(', ')})` : '';
  return `${name} ${usage}`.trim() + `${also}: ${description}${key ? `; key ${key}` : ''}`;
}
