import { HOOK_NAMES, type HookName, type RunEvent } from '../../src/index.js';
import { compileExpression } from '../runs/conditions.js';
import type { Target } from '../runs/workbench.js';
import { endText } from './arrival.js';
import { hookAndCondition, refuse, wholeNumber, wordsOf } from './arguments.js';
import type { Command, Context } from './command.js';

async function goTo(context: Context, target: Target): Promise<void> {
  try {
    context.tell(await context.bench.goTo(target));
  } catch (error) {
    context.tell({ error });
  }
}

/** Says what an expression has to say of itself. */
export const warned =
  ({ store }: Context) =>
  (warning: string): void =>
    store.say(warning, 'warn');

const toHook = (hook: HookName, name: string) => (args: string, context: Context) =>
  goTo(context, { hook, count: wholeNumber(args, name, { otherwise: 1 }) });

/** Commands that move the run on. */
export const going: readonly Command[] = [
  {
    name: 'play',
    key: 'space',
    description: 'play, or pause at the next hook',
    group: 'go',
    async run(_args, context) {
      if (context.bench.interrupt()) return;
      await context.bench.play(context.tell);
    },
  },
  {
    name: 'continue',
    aliases: ['c'],
    key: 'c',
    description: 'go on until something stops it',
    group: 'go',
    run: (_args, context) => context.bench.play(context.tell),
  },
  {
    name: 'next',
    aliases: ['n', 'batch'],
    key: 'n',
    usage: '[COUNT]',
    description: 'train a batch, up to its onTrainBatchEnd',
    group: 'go',
    run: toHook('onTrainBatchEnd', 'n'),
  },
  {
    name: 'step',
    aliases: ['s', 'hook'],
    key: 's',
    usage: '[COUNT]',
    description: 'go to the next hook',
    group: 'go',
    async run(args, context) {
      try {
        let event: RunEvent | undefined;
        for (let left = wholeNumber(args, 's', { otherwise: 1 }); left > 0; left--) event = await context.bench.next();
        context.tell({ event, stoppedBy: [], reached: event !== undefined });
      } catch (error) {
        context.tell({ error });
      }
    },
  },
  {
    name: 'epoch',
    aliases: ['e'],
    key: 'e',
    usage: '[COUNT]',
    description: 'train to the end of the epoch, validation included',
    group: 'go',
    run: toHook('onTrainEpochEnd', 'e'),
  },
  {
    name: 'until',
    usage: 'HOOK [if EXPRESSION]',
    description: 'go on to a hook, or to the first for which the expression holds',
    group: 'go',
    complete: hooks,
    async run(args, context) {
      const { hook, condition } = hookAndCondition(args, 'until');
      const test =
        condition === undefined ? undefined : compileExpression(context.bench.run, condition, warned(context));
      await goTo(context, { hook, ...(test ? { when: (event: RunEvent) => Boolean(test(event)) } : {}) });
    },
  },
  {
    name: 'stop',
    description: 'end the run here, with its end hooks',
    group: 'go',
    async run(_args, context) {
      const result = await context.bench.whenStanding(() => context.bench.run.stop('stopped in the terminal'));
      if (result) context.store.say(endText(result), 'good');
    },
  },
];

/** Hooks, for the first word after the command. */
export function hooks(words: readonly string[]): readonly string[] {
  return words.length === 1 ? HOOK_NAMES : words.length === 2 ? ['if'] : [];
}

/** Commands that go back, and off to the side. */
export const goingBack: readonly Command[] = [
  {
    name: 'reverse-step',
    aliases: ['rs'],
    key: 'r',
    usage: '[COUNT]',
    description: 'go back so many optimizer steps',
    group: 'back and aside',
    run: (args, context) => rewind(context, wholeNumber(args, 'rs', { otherwise: 1 })),
  },
  {
    name: 'rewind',
    usage: 'step N | epoch N',
    description: 'go back to a step, or to the beginning of an epoch',
    group: 'back and aside',
    complete: (words) => (words.length === 1 ? ['step', 'epoch'] : []),
    run(args, context) {
      const [kind, number = ''] = wordsOf(args);
      if (kind !== 'step' && kind !== 'epoch')
        throw refuse('rewind goes back to a place.', 'rewind step N or rewind epoch N', args, 'e.g. rewind step 40');
      const to = wholeNumber(number, `rewind ${kind}`, { least: 0 });
      return rewind(context, kind === 'step' ? { step: to } : { epoch: to });
    },
  },
  {
    name: 'fork',
    usage: '[NAME]',
    description: 'begin a run of its own from here',
    group: 'back and aside',
    async run(args, { bench, store }) {
      const fork = await bench.fork(args.trim() || `run ${bench.runs.length + 1}`);
      if (fork)
        store.say(
          `${bench.runs.length}: ${fork.name} begins at step ${fork.position.globalStep}; switch ${bench.runs.length} takes it to hand`,
          'good',
        );
    },
  },
  {
    name: 'runs',
    description: 'show the runs',
    group: 'back and aside',
    run: (_args, context) => context.focus('runs'),
  },
  {
    name: 'switch',
    usage: 'N',
    description: 'take another run to hand',
    group: 'back and aside',
    complete: (words) => (words.length === 1 ? ['1', '2'] : []),
    async run(args, context) {
      const number = wholeNumber(args, 'switch');
      const { bench, store } = context;
      if (number > bench.runs.length)
        throw refuse(
          `There is no run ${number}.`,
          bench.runs.map(({ name }, i) => `${i + 1} (${name})`).join(', '),
          args,
          'fork makes another one',
        );
      await bench.switchTo(number - 1);
      const { name, position } = bench.run;
      store.say(`${number}: ${name}, at ${position.hook}, step ${position.globalStep}`, 'good');
    },
  },
  {
    name: 'compare',
    description: 'show how the runs differ and how they do',
    group: 'back and aside',
    async run(_args, { bench, read }) {
      const { compareRuns } = await import('../../src/display/compare.js');
      await bench.whenStanding(() => read('runs compared', compareRuns(bench.runs).toText()));
    },
  },
];

async function rewind(context: Context, to: number | { step: number } | { epoch: number }): Promise<void> {
  const { bench, store } = context;
  store.change((state) => (state.working = 'rewinding'));
  try {
    await bench.rewind(to);
    const { epoch, batchIdx, globalStep } = bench.run.position;
    store.say(`back at step ${globalStep}: epoch ${epoch}, batch ${batchIdx}`, 'good');
  } finally {
    store.change((state) => (state.working = undefined));
  }
}
