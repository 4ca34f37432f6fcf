import { helpOn, helpText } from './help.js';
import { commandNamed, unknownCommand } from './lookup.js';
import type { Command } from './command.js';

/** Commands about the application itself. */
export const about: readonly Command[] = [
  {
    name: 'help',
    aliases: ['h'],
    key: '?',
    usage: '[COMMAND]',
    description: 'show keys and commands',
    group: 'application',
    complete: (words, { commands }) => (words.length === 1 ? commands.map(({ name }) => name) : []),
    run(args, { read, store, commands, keys }) {
      const word = args.trim();
      if (word === '') return read('help', helpText(commands, keys, store.state.size.columns - 2));
      const found = commandNamed(commands, word);
      if (!found) throw unknownCommand(commands, word);
      store.say(helpOn(found));
    },
  },
  {
    name: 'quit',
    aliases: ['q', 'exit'],
    key: 'q',
    description: 'leave; asks when work would be lost',
    group: 'application',
    async run(_args, { bench, store, ask, leave }) {
      await bench.halt();
      const { unsaved } = bench;
      const saved: string[] = [];
      if (unsaved.length > 0) {
        for (const { name, position } of unsaved)
          store.say(`${name} is not saved at step ${position.globalStep}`, 'warn');
        const answer = await ask({
          text: `Leave ${unsaved.length === 1 ? 'a run' : `${unsaved.length} runs`} that no file holds?`,
          answers: [
            ['s', 'save and leave'],
            ['y', 'leave without'],
            ['n', 'stay'],
          ],
        });
        if (answer === 'n') return;
        if (answer === 's') for (const run of unsaved) saved.push(`saved ${await bench.save(run)}`);
      }
      await leave(saved);
    },
  },
];
