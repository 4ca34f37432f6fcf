import { z } from 'zod';
import { ConfigurationError, StrobeError } from '../errors.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import type { Optimizer, SchedulerConfig } from '../optim/index.js';
import { Callback } from '../trainer/callback.js';
import type { Stage } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { needsLogger } from './needs-logger.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /**
   * When to log: as often as the trainer logs, or once an epoch. Default: each scheduler's own interval; both
   * without a scheduler.
   */
  loggingInterval: z.enum(['step', 'epoch']).optional(),
  /** Also log `<name>-momentum`: `betas[0]`, or `momentum`, or 0 with a warning. */
  logMomentum: z.boolean().default(false),
  /** Also log `<name>-weight_decay`. */
  logWeightDecay: z.boolean().default(false),
  /** Put before every name. */
  logKeyPrefix: z.string().default(''),
});

/** What LearningRateMonitor takes. @interface */
export type LearningRateMonitorOptions = z.input<typeof schema>;

interface Watched {
  optimizer: Optimizer;
  /** The name, before groups are told apart. */
  name: string;
  /** Undefined: no scheduler. */
  interval: 'step' | 'epoch' | undefined;
}

/** Logs learning rates, and momentum and weight decay if asked to; they can be monitored by these names, too. */
export class LearningRateMonitor extends Callback {
  /** Every learning rate that was logged in this fit, and in those that it resumes, by name. */
  lrs: Record<string, number[]> = {};
  readonly #options: z.output<typeof schema>;

  constructor(options: LearningRateMonitorOptions = {}) {
    super();
    this.#options = checkOptions('LearningRateMonitor', schema, options);
  }

  override setup(trainer: Trainer, _module: Module, stage: Stage): void {
    if (stage !== 'fit') return;
    needsLogger('LearningRateMonitor', trainer);
    // Here, since what belongs to a fit that is resumed is loaded after this.
    this.lrs = {};
  }

  override onTrainStart(trainer: Trainer): void {
    const { optimizers } = trainer;
    optimizers.forEach(refuseTwins);
    const without = optimizers.some(
      ({ paramGroups: [group] }) => group && !group.betas && group.momentum === undefined,
    );
    if (this.#options.logMomentum && without)
      trainer.warn('LearningRateMonitor: an optimizer has no momentum; 0 is logged for it.');
  }

  override async onTrainBatchStart(trainer: Trainer): Promise<void> {
    if (this.#options.loggingInterval !== 'epoch' && trainer.logsAreDue) await this.#log(trainer, 'step');
  }

  override async onTrainEpochStart(trainer: Trainer): Promise<void> {
    if (this.#options.loggingInterval !== 'step') await this.#log(trainer, 'epoch');
  }

  override stateDict(): { lrs: Record<string, number[]> } {
    return { lrs: this.lrs };
  }

  override loadStateDict({ lrs }: { lrs: Record<string, number[]> }): void {
    this.lrs = lrs;
  }

  async #log(trainer: Trainer, now: 'step' | 'epoch'): Promise<void> {
    const { loggingInterval } = this.#options;
    const due = watched(trainer).filter(({ interval = now }) => loggingInterval !== undefined || interval === now);
    const metrics: Metrics = {};
    for (const { optimizer, name } of due) {
      this.#followRenaming(name, optimizer);
      for (const [key, group] of groupsOf(optimizer, this.#options.logKeyPrefix + name)) {
        metrics[key] = group.lr;
        (this.lrs[key] ??= []).push(group.lr);
        if (this.#options.logMomentum) metrics[`${key}-momentum`] = group.betas?.[0] ?? group.momentum ?? 0;
        if (this.#options.logWeightDecay) metrics[`${key}-weight_decay`] = group.weightDecay ?? 0;
      }
    }
    if (Object.keys(metrics).length > 0) await trainer.logMetrics(metrics);
  }

  /** An optimizer that has got a second group has its first one named anew. */
  #followRenaming(name: string, optimizer: Optimizer): void {
    const plain = this.#options.logKeyPrefix + name;
    const [first] = groupsOf(optimizer, plain)[0] ?? [plain];
    const known = this.lrs[plain];
    if (first === plain || !known) return;
    this.lrs[first] ??= known;
    delete this.lrs[plain];
  }
}

/** What there is to watch, by name: optimizers with schedulers first, in the schedulers' order. */
function watched({
  optimizers,
  lrSchedulers,
}: {
  optimizers: Optimizer[];
  lrSchedulers: SchedulerConfig[];
}): Watched[] {
  const counts = new Map<string, number>();
  const nameOf = (optimizer: Optimizer): string => {
    const type = optimizer.constructor.name;
    const count = counts.get(type) ?? 0;
    counts.set(type, count + 1);
    return count === 0 ? `lr-${type}` : `lr-${type}-${count}`;
  };
  const scheduled = lrSchedulers.map(({ scheduler: { optimizer }, name, interval }) => ({
    optimizer,
    name: name ?? nameOf(optimizer),
    interval,
  }));
  const rest = optimizers.filter((optimizer) => !scheduled.some((each) => each.optimizer === optimizer));
  return [...scheduled, ...rest.map((optimizer) => ({ optimizer, name: nameOf(optimizer), interval: undefined }))];
}

type Group = Optimizer['paramGroups'][number];

/** A single group needs no name of its own; one of several is told by its name, or its number. */
function groupsOf({ paramGroups }: Optimizer, name: string): [key: string, group: Group][] {
  return paramGroups.map((group, i) => {
    const own = group.name ?? (paramGroups.length > 1 ? `pg${i + 1}` : undefined);
    return [own === undefined ? name : `${name}/${own}`, group];
  });
}

function refuseTwins({ paramGroups, constructor: { name } }: Optimizer): void {
  const names = paramGroups.flatMap((group) => group.name ?? []);
  const twins = names.filter((each, i) => names.indexOf(each) !== i);
  if (twins.length === 0) return;
  throw new ConfigurationError(
    StrobeError.compose(`A single optimizer cannot have several parameter groups with identical names.`, {
      expected: 'a name of its own for each group, or none',
      received: `${name} with ${twins.join(', ')} more than once`,
      hint: 'rename one of the groups; the names tell their learning rates apart',
    }),
  );
}
