import type { z } from 'zod';
import type { Callback, Run } from '../../src/index.js';
import { optionSchema } from '../../src/callbacks/options.js';
import { limitSchema } from '../../src/trainer/limits.js';

/** Something with fields that can be looked at and set. */
export interface Owner {
  readonly name: string;
  /** What holds the fields. */
  readonly of: object;
  /** What may be put into a field, where its class says so. */
  schema?(field: string): z.ZodType | undefined;
}

export function callbackOwner(name: string, callback: Callback): Owner {
  return { name, of: callback, schema: (field) => optionSchema(callback, field) };
}

/** A name for each callback: its class, numbered when there are several of it. */
export function namedCallbacks(run: Run, disabled: readonly Callback[] = []): [name: string, callback: Callback][] {
  return named([...run.callbacks, ...disabled], ({ constructor: { name } }) => name);
}

/** Everything in a run whose fields can be set, by name: callbacks, limits, optimizers, schedules, the module. */
export function ownersOf(run: Run, disabled: readonly Callback[] = []): Owner[] {
  const { trainer, module } = run;
  return [
    ...namedCallbacks(run, disabled).map(([name, callback]) => callbackOwner(name, callback)),
    { name: 'limits', of: trainer.limits, schema: limitSchema },
    ...named(trainer.optimizers, () => 'optimizer').flatMap(([name, optimizer]) =>
      optimizer.paramGroups.map((group, i): Owner => ({
        name: i === 0 ? name : `${name}.group${i + 1}`,
        of: group,
        schema: (field) => optimizer.fieldSchema(field),
      })),
    ),
    ...named(trainer.lrSchedulers, ({ scheduler }) => scheduler.constructor.name).map(([name, { scheduler }]) => ({
      name,
      of: scheduler,
    })),
    { name: 'hparams', of: module.hparams },
    { name: 'module', of: module },
  ];
}

/** Names, numbered from the second of the same on. */
function named<T>(all: readonly T[], nameOf: (one: T) => string): [name: string, one: T][] {
  const used = new Map<string, number>();
  return all.map((one) => {
    const name = nameOf(one);
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return [count === 1 ? name : `${name}#${count}`, one];
  });
}
