import type { Breakpoint, RunEvent } from '../../src/index.js';
import { compileExpression } from '../runs/conditions.js';
import { hookAndCondition, refuse, wholeNumber } from './arguments.js';
import type { Command, Context } from './command.js';
import { hooks, warned } from './go.js';

type Relation = (now: number, line: number) => boolean;

const RELATIONS: Record<string, Relation> = {
  '>': (now, line) => now > line,
  '>=': (now, line) => now >= line,
  '<': (now, line) => now < line,
  '<=': (now, line) => now <= line,
  '==': (now, line) => now === line,
  '!=': (now, line) => now !== line,
};

/** Commands that say where a playing run pauses. */
export const stopping: readonly Command[] = [
  {
    name: 'break',
    aliases: ['b'],
    usage: '[HOOK [if EXPRESSION]]',
    description: 'pause at a hook, always or when the expression holds; alone: show them',
    group: 'stop at',
    complete: hooks,
    run(args, context) {
      if (args.trim() === '') return context.focus('breakpoints');
      const { hook, condition } = hookAndCondition(args, 'b');
      const breakpoint = context.bench.stopAt((run) => {
        const test = condition === undefined ? undefined : compileExpression(run, condition, warned(context));
        const when = test && ((event: RunEvent) => Boolean(test(event)));
        return run.break(hook, when, condition === undefined ? hook : `${hook} if ${condition}`);
      });
      context.store.say(`breakpoint ${breakpoint.id}: ${breakpoint.description}`, 'good');
    },
  },
  {
    name: 'watch',
    usage: 'EXPRESSION [> >= < <= == !=] NUMBER',
    description: 'pause when a value crosses a line, such as gradNorm > 10, lr < 1e-4',
    group: 'stop at',
    complete: (words, { run }) =>
      words.length === 1 ? ['loss', 'gradNorm', 'lr', ...Object.keys(run.trainer.callbackMetrics)] : [],
    run(args, context) {
      const [, source = '', sign = '', number = ''] =
        /^(.*?)\s*(>=|<=|==|!=|>|<)\s*([^<>=]+)$/s.exec(args.trim()) ?? [];
      const relation = RELATIONS[sign];
      const line = Number(number);
      if (!relation || number.trim() === '' || Number.isNaN(line)) {
        throw refuse('watch compares a value with a number.', 'EXPRESSION > NUMBER', args, 'e.g. watch gradNorm > 10');
      }
      const crosses = (now: number, before: number) => relation(now, line) && !relation(before, line);
      const watch = context.bench.stopAt((run) => {
        const evaluate = compileExpression(run, source, warned(context));
        const value = (event: RunEvent) => {
          const now = evaluate(event);
          return now === undefined ? undefined : Number(now);
        };
        return run.watch(`${source} ${sign} ${number}`, value, crosses);
      });
      context.store.say(`breakpoint ${watch.id}: ${watch.description}`, 'good');
    },
  },
  {
    name: 'delete',
    usage: 'N',
    description: 'remove a breakpoint or watch',
    group: 'stop at',
    run(args, context) {
      const breakpoint = breakpointOf(args, 'delete', context);
      breakpoint.remove();
      context.store.say(`breakpoint ${breakpoint.id} is gone: ${breakpoint.description}`);
    },
  },
  {
    name: 'toggle',
    usage: 'N',
    description: 'disable a breakpoint or watch, or enable it again',
    group: 'stop at',
    run(args, context) {
      const breakpoint = breakpointOf(args, 'toggle', context);
      breakpoint.enabled = !breakpoint.enabled;
      context.store.say(`breakpoint ${breakpoint.id} is ${breakpoint.enabled ? 'enabled' : 'disabled'}`);
    },
  },
];

function breakpointOf(args: string, name: string, { bench }: Context): Breakpoint {
  const id = wholeNumber(args, name);
  const { breakpoints } = bench.run;
  const found = breakpoints.find((breakpoint) => breakpoint.id === id);
  if (found) return found;
  const known = breakpoints.map((breakpoint) => breakpoint.id).join(', ');
  throw refuse(`There is no breakpoint ${id}.`, known || 'none is set', args, 'b alone shows them');
}
