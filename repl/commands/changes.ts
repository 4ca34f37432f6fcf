import * as strobe from '../../src/index.js';
import { Callback, type Run } from '../../src/index.js';
import { shortNumber } from '../../src/display/short-number.js';
import { brief, fieldsOf, setField } from '../runs/fields.js';
import { namedCallbacks, ownersOf } from '../runs/owners.js';
import { nearNames, numberIn, refuse } from './arguments.js';
import type { Command, Context } from './command.js';

/** Commands that change the run. What is changed takes effect at the next hook, and is in the journal. */
export const changing: readonly Command[] = [
  {
    name: 'lr',
    usage: '[VALUE]',
    description: 'set the learning rate; alone: show it',
    group: 'change',
    async run(args, { bench, store }) {
      const { optimizers, lrSchedulers } = bench.run.trainer;
      if (args.trim() === '')
        return store.say(
          optimizers.map(({ lr }) => String(lr)).join('  ') || 'no optimizer yet: the run has not begun',
        );
      const value = numberIn(args, 'lr', [0, Infinity], '3e-4');
      if (optimizers.length === 0)
        throw refuse(
          'There is no optimizer yet.',
          'a run that has begun',
          'a run before its first hooks',
          'press n, then set it',
        );
      const from = optimizers.map(({ lr }) => shortNumber(lr)).join(', ');
      await bench.amend(() => optimizers.forEach((optimizer) => (optimizer.lr = value)));
      store.say(`lr ${from} → ${value}`, 'good');
      const [first] = lrSchedulers;
      if (first)
        store.say(`${first.scheduler.constructor.name} sets it again at the next ${first.interval ?? 'epoch'}`, 'warn');
    },
  },
  {
    name: 'set',
    usage: 'OWNER.FIELD VALUE',
    description: 'set a field of a callback, of limits, optimizer, a schedule, hparams or module',
    group: 'change',
    complete: settable,
    async run(args, { bench, store }) {
      const [, path = '', value = ''] = /^(\S+?)(?:\s*=\s*|\s+)(.+)$/s.exec(args.trim()) ?? [];
      const dot = path.lastIndexOf('.');
      if (dot < 1)
        throw refuse('set takes a field and a value.', 'OWNER.FIELD VALUE', args, 'e.g. set EarlyStopping.patience 9');
      const [name, field] = [path.slice(0, dot), path.slice(dot + 1)];
      const owners = ownersOf(bench.run, bench.disabled);
      const owner = owners.find((known) => known.name === name);
      if (!owner) {
        const names = owners.map((known) => known.name);
        const near = nearNames(name, names);
        throw refuse(
          `There is no ${name} to set a field of.`,
          names.join(', '),
          name,
          near[0] ? `did you mean ${near[0]}?` : 'choose one of these',
        );
      }
      const change = await bench.amend(() => setField(owner, field, value));
      if (change) store.say(`${path} ${brief(change.from)} → ${brief(change.to)}`, 'good');
    },
  },
  {
    name: 'add',
    usage: 'EXPRESSION',
    description: 'add a callback, such as new GradientMonitor()',
    group: 'change',
    async run(args, { bench, store, valueOf }) {
      // A class of Strobe's, though a callback of that name may be in scope.
      const expression = args
        .trim()
        .replace(/^new (\w+)/, (all, name: string) => (name in strobe ? `new strobe.${name}` : all));
      const callback = await valueOf(expression);
      if (!(callback instanceof Callback))
        throw refuse(
          'add takes a callback.',
          'an expression that gives one',
          args,
          "e.g. add new EarlyStopping({ monitor: 'val_loss' })",
        );
      await bench.amend(() => bench.run.callbacks.add(callback));
      store.say(`added ${callback.constructor.name}`, 'good');
    },
  },
  ...['remove', 'disable', 'enable'].map((name): Command => ({
    name,
    usage: 'CALLBACK',
    description: `${name} a callback${name === 'disable' ? ', so that it can be enabled again' : ''}`,
    group: 'change',
    complete: (words, { run }) => (words.length === 1 ? namedCallbacks(run).map(([known]) => known) : []),
    async run(args, context) {
      await changeCallback(context, name as 'remove' | 'disable' | 'enable', args.trim());
    },
  })),
];

/** Takes a callback out of a run for good or for now, or puts it back. */
export async function changeCallback(
  { bench, store }: Context,
  how: 'remove' | 'disable' | 'enable',
  name: string,
): Promise<void> {
  const named = namedCallbacks(bench.run, bench.disabled);
  const callback = named.find(([known]) => known === name)?.[1];
  if (!callback) {
    const names = named.map(([known]) => known);
    const [near] = nearNames(name, names);
    throw refuse(
      `There is no callback ${name}.`,
      names.join(', ') || 'none',
      name,
      near ? `did you mean ${near}?` : 'choose one of these',
    );
  }
  const { disabled } = bench;
  await bench.amend(() => {
    const at = disabled.indexOf(callback);
    if (at >= 0 && how !== 'disable') disabled.splice(at, 1);
    if (how === 'enable' && at >= 0) bench.run.callbacks.add(callback);
    if (how === 'disable' && at < 0) disabled.push(callback);
    if (how !== 'enable') bench.run.callbacks.remove(callback);
  });
  store.say(`${name} is ${how}d`, 'good');
}

function settable(words: readonly string[], { run }: { run: Run }): readonly string[] {
  if (words.length > 1) return [];
  return ownersOf(run).flatMap((owner) => fieldsOf(owner).map((field) => `${owner.name}.${field.name}`));
}
