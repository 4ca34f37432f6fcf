import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../../src/folder.js';
import { ConfigurationError, StrobeError } from '../../src/index.js';
import { wordsOf } from './arguments.js';
import type { Command } from './command.js';

/** Commands that write files. */
export const keeping: readonly Command[] = [
  {
    name: 'checkpoint',
    aliases: ['ckpt'],
    usage: '[PATH]',
    description: 'save a checkpoint that goes on exactly here',
    group: 'keep',
    async run(args, { bench, store }) {
      const path = await bench.amend(() => bench.save(bench.run, wordsOf(args)[0]));
      if (path !== undefined) store.say(`saved ${path}`, 'good');
    },
  },
  {
    name: 'save-script',
    usage: '[PATH]',
    description: 'write the journal as TypeScript that does the same to a fresh run',
    group: 'keep',
    async run(args, { bench, store }) {
      const path = resolve(wordsOf(args)[0] ?? 'replay.ts');
      await bench.amend(async () => {
        try {
          makeFolder(dirname(path));
          await writeFile(path, bench.run.toScript());
        } catch (cause) {
          throw unwritable(path, cause);
        }
      });
      store.say(`wrote ${path}`, 'good');
    },
  },
];

function unwritable(path: string, cause: unknown): ConfigurationError {
  const parts = {
    expected: `a place that can be written to: ${path}`,
    received: cause instanceof Error ? cause.message : String(cause),
    hint: 'name another one: save-script PATH',
  };
  return new ConfigurationError(StrobeError.compose('The script cannot be written.', parts), { cause });
}
