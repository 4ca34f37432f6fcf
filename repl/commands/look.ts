import { lrFind } from '../../src/index.js';
import { shortNumber } from '../../src/display/short-number.js';
import type { Command } from './command.js';
import { refuse } from './arguments.js';

/** Commands that look without moving the run. */
export const looking: readonly Command[] = [
  {
    name: 'print',
    aliases: ['p'],
    usage: 'EXPRESSION',
    description: 'evaluate TypeScript with run, trainer, module, tf and the callbacks in scope',
    group: 'look',
    async run(args, { evaluate }) {
      if (args.trim() === '') throw refuse('p takes an expression.', 'TypeScript', '', 'e.g. p run.position');
      await evaluate(args);
    },
  },
  {
    name: 'validate',
    description: 'validate with the weights as they are',
    group: 'look',
    async run(_args, { bench, store }) {
      store.change((state) => (state.working = 'validating'));
      try {
        const results = await bench.whenStanding(() => bench.run.validate());
        for (const metrics of results ?? []) {
          store.say(
            Object.entries(metrics)
              .map(([name, value]) => `${name} ${shortNumber(value)}`)
              .join('  '),
            'good',
          );
        }
      } finally {
        store.change((state) => (state.working = undefined));
      }
    },
  },
  {
    name: 'find-lr',
    description: 'try learning rates for a while, apart from the run',
    group: 'look',
    async run(_args, { bench, store, read }) {
      store.change((state) => (state.working = 'finding a learning rate'));
      try {
        const { trainer, model, data } = bench.experiment;
        const result = await bench.whenStanding(() => lrFind(trainer, model, data));
        if (!result) return;
        const suggestion = result.suggestion();
        if (suggestion !== undefined)
          store.say(
            `suggested learning rate: ${shortNumber(suggestion)}; lr ${shortNumber(suggestion)} sets it`,
            'good',
          );
        read('learning rates tried', result.plot().toText());
      } finally {
        store.change((state) => (state.working = undefined));
      }
    },
  },
  {
    name: 'journal',
    description: 'show what was changed',
    group: 'look',
    run(_args, { bench, read }) {
      const { journal } = bench.run;
      read('journal', journal.length > 0 ? bench.run.journalTable() : 'Nothing was changed yet.');
    },
  },
  {
    name: 'logs',
    description: 'show what was printed',
    group: 'look',
    run: (_args, context) => context.focus('logs'),
  },
];
