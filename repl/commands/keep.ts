import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../../src/folder.js';
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
        makeFolder(dirname(path));
        await writeFile(path, bench.run.toScript());
      });
      store.say(`wrote ${path}`, 'good');
    },
  },
];
