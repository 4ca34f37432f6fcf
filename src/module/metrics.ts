import * as tf from '@tensorflow/tfjs-core';
import { ContractError, describe, StrobeError } from '../errors.js';
import { checkOptions, FLAG, type Allowed } from '../options.js';
import { retain } from '../tensors/share.js';
import { tensorsIn } from '../tensors/tree.js';

/** How the values of an epoch become one. */
export type Reduce = 'mean' | 'min' | 'max' | 'sum';

/** Where a logged metric goes, and how its values become one. */
export interface LogOptions {
  /** Show it in the progress bar. Default false. */
  progBar?: boolean;
  /** Send it to the loggers. Default true. */
  logger?: boolean;
  /** Report the value of each step. Default: true in training steps and batch hooks, else false. */
  onStep?: boolean;
  /** Report the value reduced over the epoch. Default: the opposite of `onStep`'s default. */
  onEpoch?: boolean;
  /** How the values of an epoch become one. Default 'mean', weighted by batch size. */
  reduce?: Reduce | 'avg' | Uppercase<Reduce | 'avg'>;
  /** Weight of this value in the mean. Default: the leading dimension of the batch's first tensor. */
  batchSize?: number;
  /** With several loaders, append `/dataloader_idx_N` to the name. Default true. */
  addDataloaderIdx?: boolean;
}

/** Metric names and their values. */
export type Metrics = Record<string, number>;

/** Where a value was logged: it fixes the defaults, and what is an error. */
export interface LogSite {
  /** Camel-case name of the hook or step that is running. */
  hook: string;
  /** Which level the value counts for when the user does not say; undefined where logging is not allowed. */
  level: 'step' | 'epoch' | undefined;
  /** True where only whole epochs make sense (start and end hooks). */
  epochOnly: boolean;
  batch: unknown;
  dataloaderIdx: number;
  numDataloaders: number;
}

interface Entry {
  name: string;
  suffix: string;
  dataloaderIdx: number;
  options: {
    progBar: boolean;
    logger: boolean;
    onStep: boolean;
    onEpoch: boolean;
    reduce: Reduce;
    addDataloaderIdx: boolean;
  };
  /** The last value logged; what step-level metrics report. */
  value: number;
  /** Sum of value x weight for means, running value otherwise. */
  total: number;
  weight: number;
  /** False once the value was reported, until it is logged again. */
  fresh: boolean;
}

/** Everything that a collection knows, as plain data. */
export type MetricsState = [key: string, entry: Entry][];

export interface Report {
  callback: Metrics;
  logger: Metrics;
  progressBar: Metrics;
}

/** The metrics logged in one loop (training, or one kind of evaluation) since its epoch began. */
export class MetricCollection {
  #entries = new Map<string, Entry>();
  #unread: { entry: Entry; value: number | tf.Tensor; weight: number }[] = [];
  readonly #training: boolean;

  /** @param training in training, step-level values reach callbacks; in evaluation only epoch values do. */
  constructor(training: boolean) {
    this.#training = training;
  }

  log(name: string, value: number | tf.Tensor, options: LogOptions, site: LogSite): void {
    const settled = settle(name, options, site);
    const number = toScalar(name, value, site.hook);
    const suffix = settled.addDataloaderIdx && site.numDataloaders > 1 ? `/dataloader_idx_${site.dataloaderIdx}` : '';
    const key = `${site.hook}.${name}${suffix}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = {
        name,
        suffix,
        dataloaderIdx: site.dataloaderIdx,
        options: settled,
        value: 0,
        total: initial(settled.reduce),
        weight: 0,
        fresh: true,
      };
      this.#entries.set(key, entry);
    } else if (!sameOptions(entry.options, settled)) {
      throw new ContractError(
        StrobeError.compose(`log('${name}') was called twice in ${site.hook} with different arguments.`, {
          expected: `the options of the first call: ${JSON.stringify(entry.options)}`,
          received: JSON.stringify(settled),
          hint: 'log it under another name, or with the same options each time',
        }),
      );
    }
    entry.fresh = true;
    const weight = settled.reduce === 'mean' && settled.onEpoch ? (options.batchSize ?? batchSizeOf(site.batch)) : 1;
    this.#unread.push({ entry, value: number, weight });
  }

  /** Reads the values that were logged since the last time: reading one earlier would make a lazy engine compute at once. */
  #read(): void {
    for (const { entry, value, weight } of this.#unread.splice(0)) {
      entry.value = typeof value === 'number' ? value : Number(value.dataSync()[0]);
      if (typeof value !== 'number') value.dispose();
      if (entry.options.onEpoch) accumulate(entry, entry.value, weight);
    }
  }

  /** What the step that has just ended reports. */
  step(): Report {
    this.#read();
    return this.#report(
      (entry) => (entry.options.onStep && entry.fresh ? entry.value : undefined),
      '_step',
      this.#training,
    );
  }

  /** What the epoch reports: every value reduced over it. */
  epoch(dataloaderIdx?: number): Report {
    this.#read();
    const of = (entry: Entry) =>
      dataloaderIdx === undefined || entry.dataloaderIdx === dataloaderIdx ? reduced(entry) : undefined;
    return this.#report((entry) => (entry.options.onEpoch ? of(entry) : undefined), '_epoch', true);
  }

  /** Step values are reported once. */
  endStep(): void {
    for (const entry of this.#entries.values()) entry.fresh = false;
  }

  /** Forgets everything; the next epoch starts empty. */
  reset(): void {
    this.#read();
    this.#entries.clear();
  }

  state(): MetricsState {
    this.#read();
    return [...this.#entries].map(([key, entry]) => [key, { ...entry }]);
  }

  load(state: MetricsState): void {
    this.#read();
    this.#entries = new Map(state.map(([key, entry]) => [key, { ...entry }]));
  }

  #report(valueOf: (entry: Entry) => number | undefined, level: '_step' | '_epoch', forCallbacks: boolean): Report {
    const report: Report = { callback: {}, logger: {}, progressBar: {} };
    for (const entry of this.#entries.values()) {
      const value = valueOf(entry);
      if (value === undefined) continue;
      const plain = entry.name + entry.suffix;
      const both = entry.options.onStep && entry.options.onEpoch;
      const forked = both ? `${entry.name}${level}${entry.suffix}` : plain;
      if (forCallbacks) report.callback[plain] = report.callback[forked] = value;
      if (entry.options.logger) report.logger[forked] = value;
      if (entry.options.progBar) report.progressBar[forked] = value;
    }
    return report;
  }
}

const REDUCTIONS = new Map<string, Reduce>([
  ['mean', 'mean'],
  ['avg', 'mean'],
  ['min', 'min'],
  ['max', 'max'],
  ['sum', 'sum'],
]);

const OPTIONS: Record<keyof LogOptions, Allowed> = {
  progBar: FLAG,
  logger: FLAG,
  onStep: FLAG,
  onEpoch: FLAG,
  reduce: {
    what: [...REDUCTIONS.keys()].map((name) => `'${name}'`).join(', '),
    holds: (value) => typeof value === 'string' && REDUCTIONS.has(value.toLowerCase()),
  },
  batchSize: { what: 'a number above 0', holds: (value) => Number.isFinite(value) && (value as number) > 0 },
  addDataloaderIdx: FLAG,
};

function settle(name: string, options: LogOptions, site: LogSite): Entry['options'] {
  if (typeof name !== 'string' || name === '') throw nameless(name, site.hook);
  checkOptions(`log('${name}')`, options, OPTIONS);
  if (site.level === undefined) {
    throw new ContractError(
      StrobeError.compose(`log('${name}') was called in ${site.hook}.`, {
        expected:
          'a hook or step in which there is something to log: training, validation and test steps and their hooks',
        received: site.hook,
        hint: `log it in a training or validation hook, or send it to trainer.loggers yourself`,
      }),
    );
  }
  const onStep = options.onStep ?? site.level === 'step';
  const onEpoch = options.onEpoch ?? site.level === 'epoch';
  if (!onStep && !onEpoch) {
    throw new ContractError(
      StrobeError.compose(`log('${name}') in ${site.hook} would report the value nowhere.`, {
        expected: 'onStep or onEpoch, or both',
        received: 'onStep: false, onEpoch: false',
        hint: 'set one of them to true, or leave both out for the defaults',
      }),
    );
  }
  if (onStep && site.epochOnly) {
    throw new ContractError(
      StrobeError.compose(`log('${name}', { onStep: true }) was called in ${site.hook}.`, {
        expected: 'onEpoch only: the hook runs once an epoch, not in a step',
        received: 'onStep: true',
        hint: 'leave onStep out',
      }),
    );
  }
  const reduce = REDUCTIONS.get((options.reduce ?? 'mean').toLowerCase()) as Reduce;
  const { progBar = false, logger = true, addDataloaderIdx = true } = options;
  return { progBar, logger, onStep, onEpoch, reduce, addDataloaderIdx };
}

function nameless(name: unknown, hook: string): ContractError {
  return new ContractError(
    StrobeError.compose(`log in ${hook} needs a name for the metric.`, {
      expected: 'a name that is not empty',
      received: describe(name),
      hint: "name it: this.log('loss', loss)",
    }),
  );
}

function sameOptions(a: Entry['options'], b: Entry['options']): boolean {
  return (Object.keys(a) as (keyof Entry['options'])[]).every((key) => a[key] === b[key]);
}

function initial(reduce: Reduce): number {
  return reduce === 'min' ? Infinity : reduce === 'max' ? -Infinity : 0;
}

function accumulate(entry: Entry, value: number, weight: number): void {
  if (entry.options.reduce === 'min') entry.total = Math.min(entry.total, value);
  else if (entry.options.reduce === 'max') entry.total = Math.max(entry.total, value);
  else entry.total += value * weight;
  entry.weight += weight;
}

function reduced(entry: Entry): number {
  return entry.options.reduce === 'mean' ? entry.total / entry.weight : entry.total;
}

/** A number, or a handle of our own on a tensor that may not be computed yet. */
function toScalar(name: string, value: unknown, hook: string): number | tf.Tensor {
  if (typeof value === 'number') return value;
  const gone = value instanceof tf.Tensor && value.isDisposed;
  if (value instanceof tf.Tensor && value.size === 1 && !gone) return retain(value);
  throw new ContractError(
    StrobeError.compose(`log('${name}') in ${hook} needs a single number.`, {
      expected: 'a number, or a tensor with one element',
      received: gone ? 'a disposed tensor' : describe(value),
      hint: gone
        ? 'log it before it is disposed, or read it first: value.dataSync()[0]'
        : value instanceof tf.Tensor
          ? 'reduce it first, e.g. with tf.mean(value)'
          : 'use logDict for records of numbers',
    }),
  );
}

/** The leading dimension of the batch's first tensor; 1 for a batch of scalars or without tensors. */
export function batchSizeOf(batch: unknown): number {
  const first = tensorsIn(batch).find((tensor) => tensor.rank > 0);
  return first?.shape[0] ?? 1;
}
