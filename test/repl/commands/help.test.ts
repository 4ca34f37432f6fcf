import { describe, expect, it } from 'vitest';
import { helpOn, helpText } from '../../../repl/commands/help.js';
import { commands } from '../../../repl/commands/index.js';
import { keys } from '../../../repl/commands/keys.js';
import { commandNamed, offers } from '../../../repl/commands/lookup.js';
import { PANES } from '../../../repl/store/state.js';
import { plainSession } from '../support.js';

describe('the tables of commands and keys', () => {
  const help = helpText(commands, keys, 200);

  it('are what help shows: every command, every key', () => {
    for (const { name, aliases = [], usage = '', description } of commands) {
      const called = `${[name, ...aliases].join(', ')} ${usage}`.trim();
      expect(help).toMatch(new RegExp(`${escaped(called)}\\s+${escaped(description)}\n`));
    }
    for (const { key, description } of keys) {
      expect(help.split('\n').some((row) => row.trim().startsWith(key) && row.includes(description))).toBe(true);
    }
  });

  it('fit the screen in help, whatever its width', () => {
    for (const columns of [74, 78, 120]) {
      const widest = Math.max(
        ...helpText(commands, keys, columns)
          .split('\n')
          .map(({ length }) => length),
      );
      expect(widest).toBeLessThanOrEqual(columns);
    }
  });

  it('give each name, each alias and each key one meaning', () => {
    const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    const everywhere = [...keys.filter(({ pane }) => !pane), ...commands].flatMap(({ key }) => key ?? []);
    expect(new Set(everywhere).size).toBe(everywhere.length);
    for (const pane of PANES) {
      const own = keys.filter((key) => key.pane === pane).map(({ key }) => key);
      expect(new Set(own).size).toBe(own.length);
    }
  });

  it('are what completion offers: each command from its first letters, and what belongs after it', async () => {
    const { context } = await plainSession();
    for (const { name } of commands) {
      const { from, words } = offers(name.slice(0, 2), context);
      expect(from).toBe(0);
      expect(words).toContain(name);
      expect(commandNamed(commands, name)).toBeDefined();
    }
    expect(offers('until onTrainBatchE', context).words).toEqual(['onTrainBatchEnd']);
    expect(offers('set EarlyStopping.pa', context)).toEqual({ from: 4, words: ['EarlyStopping.patience'] });
    expect(offers('set limits.maxE', context).words).toEqual(['limits.maxEpochs']);
    expect(offers('set EarlyStopping.patience 9', context).words).toEqual([]);
    expect(offers('disable E', context).words).toEqual(['EarlyStopping']);
    expect(offers('help save', context).words).toEqual(['save-script']);
    expect(offers('watch gr', context).words).toContain('gradNorm');
    expect(offers('rewind ', context).words).toEqual(['step', 'epoch']);
  });

  it('say of one command how it is called and what it does', () => {
    const watch = commandNamed(commands, 'watch');
    expect(watch && helpOn(watch)).toMatch(/^watch EXPRESSION .* NUMBER: pause when/);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
