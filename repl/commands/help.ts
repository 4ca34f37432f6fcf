import { Table } from '../../src/display/index.js';
import type { Command, Group, Key } from './command.js';

/** All keys and commands, made from their tables. */
export function helpText(commands: readonly Command[], keys: readonly Key[]): string {
  const groups = [...new Set(commands.map(({ group }) => group))];
  const panes = [...new Set(keys.map(({ pane }) => pane))];
  return [
    'Press a key, or : and a command. Commands that take arguments are typed.',
    ...groups.map((group) => commandTable(group, commands)),
    ...panes.map((pane) => {
      const own = keys.filter((key) => key.pane === pane).map(({ key, description }) => [key, description]);
      return section(pane === undefined ? 'everywhere' : `in ${pane}`, own);
    }),
  ].join('\n\n');
}

function commandTable(group: Group, commands: readonly Command[]): string {
  const own = commands.filter((command) => command.group === group);
  return section(
    group,
    own.map(({ key = '', name, aliases = [], usage = '', description }) => [
      key,
      `${[name, ...aliases].join(', ')} ${usage}`.trim(),
      description,
    ]),
  );
}

function section(title: string, rows: string[][]): string {
  const columns = rows[0]?.map(() => '') ?? [];
  const lines = new Table({ columns, rows }).toText().split('\n');
  return [title.toUpperCase(), ...lines.map((line) => `  ${line}`)].join('\n');
}

/** One command. */
export function helpOn({ name, aliases = [], usage = '', description, key }: Command): string {
  const also = aliases.length > 0 ? ` (or ${aliases.join(', ')})` : '';
  return `${name} ${usage}`.trim() + `${also}: ${description}${key ? `; key ${key}` : ''}`;
}
