import { nearNames, refuse } from './arguments.js';
import type { Command, Context } from './command.js';

export function commandNamed(commands: readonly Command[], word: string): Command | undefined {
  return commands.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
}

/** What is said of a word that is no command. */
export function unknownCommand(commands: readonly Command[], word: string): Error {
  const near = nearNames(
    word,
    commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
  );
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'press ? for all of them';
  return refuse(`There is no command ${word}.`, 'a command, see ?', word, hint);
}

/** Does what a line of command and arguments says. */
export async function execute(line: string, context: Context): Promise<void> {
  const [, word = '', args = ''] = /^\s*(\S+)\s*(.*)$/s.exec(line) ?? [];
  if (word === '') return;
  const command = commandNamed(context.commands, word);
  if (!command) throw unknownCommand(context.commands, word);
  await command.run(args, context);
}

/** What could stand at the end of a line: commands, then what the command offers. */
export function offers(line: string, context: Pick<Context, 'bench' | 'commands'>): { from: number; words: string[] } {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  const from = line.length - last.length;
  const command = words.length > 1 ? commandNamed(context.commands, words[0] ?? '') : undefined;
  const all =
    words.length === 1
      ? context.commands.flatMap(({ name, aliases = [] }) => [name, ...aliases.filter((alias) => alias.length > 1)])
      : (command?.complete?.(words.slice(1), { run: context.bench.run, commands: context.commands }) ?? []);
  const lower = last.toLowerCase();
  const starting = all.filter((word) => word.toLowerCase().startsWith(lower));
  const inside = all.filter(
    (word) => !starting.includes(word) && last.length > 1 && word.toLowerCase().includes(lower),
  );
  return { from, words: [...starting, ...inside] };
}
