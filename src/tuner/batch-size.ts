import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { isOutOfMemory } from '../backend/index.js';
import { checkOptions } from '../callbacks/options.js';
import { DataLoader, type Loader } from '../data/index.js';
import { ConfigurationError, ContractError, describe, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import type { RunEvent } from '../run/events.js';
import { tensorsIn } from '../tensors/tree.js';
import type { DataInput } from '../trainer/data-connector.js';
import type { Stage } from '../trainer/hooks.js';
import type { Session } from '../trainer/session.js';
import type { Trainer } from '../trainer/trainer.js';
import { apart, trial } from './apart.js';
import { Attribute } from './attribute.js';
import { defaultMemoryLimit, MemoryGauge } from './memory.js';
import { findBatchSize } from './search.js';

export const batchSizeShape = {
  /** `power` doubles until a size does not fit, `binsearch` bisects from there. */
  mode: z
    .enum(['power', 'binsearch'], { error: "`mode` should be either of 'power' and 'binsearch'" })
    .default('power'),
  /** Batches that a size is tried with. */
  stepsPerTrial: z.int().min(1).default(3),
  /** The first size that is tried. */
  initVal: z.int().min(1).default(2),
  /** How many sizes are tried at most. */
  maxTrials: z.int().min(0).default(25),
  /** The field that the loaders take the batch size from, on the module, in its hparams, or on the data module. */
  batchArgName: z.string().min(1).default('batchSize'),
  /** What `binsearch` takes off the largest size that fits, as a share of it: memory varies from batch to batch. */
  margin: z.number().min(0).lt(1).default(0.05),
  /** No larger size is tried; nor one larger than the dataset. */
  maxVal: z.int().min(1).default(8192),
  /** Bytes of tensors that count as too many. Default: 0.8 of the memory that is free; without a limit on a GPU. */
  memoryLimit: z.number().positive().optional(),
};

const schema = z.strictObject({
  ...batchSizeShape,
  /** What the size is for. */
  stage: z.enum(['fit', 'validate', 'test', 'predict']).default('fit'),
});

export type ScaleBatchSizeOptions = z.input<typeof schema>;
export type BatchSizeSearch = Omit<z.output<typeof schema>, 'stage'>;

const KINDS = { fit: 'train', validate: 'val', test: 'test', predict: 'predict' } as const;
const WORDS = { fit: 'training', validate: 'validation', test: 'test', predict: 'prediction' } as const;
const BATCH_END = {
  fit: 'onTrainBatchEnd',
  validate: 'onValidationBatchEnd',
  test: 'onTestBatchEnd',
  predict: 'onPredictBatchEnd',
} as const satisfies Record<Stage, RunEvent['hook']>;

/**
 * Finds the largest batch size whose batches fit into memory, and writes it where the module or the data module keeps its own.
 * It trains for it, apart from what trainer and module are: all else is afterwards as it was.
 *
 * @returns the batch size
 * @throws ConfigurationError for loaders that cannot be made with another batch size, ContractError if no size fits; any error
 *   of the module's that is not about memory
 */
export async function scaleBatchSize(
  trainer: Trainer,
  model: Module,
  data?: DataInput,
  options: ScaleBatchSizeOptions = {},
): Promise<number> {
  const { stage, ...search } = checkOptions('scaleBatchSize', schema, options);
  const { attribute, size } = await apart(trainer, model, data, stage, async (session) => ({
    attribute: new Attribute(session, [search.batchArgName], 'scaleBatchSize'),
    size: await searchIn(session, search, 'scaleBatchSize'),
  }));
  attribute.value = size;
  return size;
}

/** Searches where a session stands, and leaves the attribute set to what was found; on an error, to what it was. */
export async function searchIn(session: Session, search: BatchSizeSearch, owner: string): Promise<number> {
  const attribute = new Attribute(session, [search.batchArgName], owner);
  const before = attribute.value;
  if (session.trainer.options.fastDevRun !== false) {
    session.trainer.warn(`${owner}: no batch size is looked for in a fast development run.`);
    return Number(before);
  }
  refuseFixedLoaders(session, owner);
  try {
    attribute.value = search.initVal;
    const largest = Math.min(search.maxVal, samplesIn(loaderOf(session)));
    const gauge = new MemoryGauge(search.memoryLimit ?? defaultMemoryLimit());
    let shortage: unknown;
    const found = await findBatchSize({ ...search, largest }, async (size) => {
      attribute.value = size;
      refuseDeafLoader(loaderOf(session), size, search.batchArgName);
      if (!gauge.allows(size)) return false;
      try {
        return await tryBatches(session, size, search.stepsPerTrial, gauge);
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        shortage = error;
        return false;
      }
    });
    if (found === undefined && search.maxTrials > 0) throw nothingFits(search, gauge, shortage);
    const size = found ?? search.initVal;
    attribute.value = search.mode === 'binsearch' ? Math.max(1, Math.trunc(size * (1 - search.margin))) : size;
    return attribute.value as number;
  } catch (error) {
    attribute.value = before;
    throw error;
  }
}

/** Whether so many batches of the size that is set go through, the tensors that are alive at each hook counted. */
async function tryBatches(session: Session, size: number, batches: number, gauge: MemoryGauge): Promise<boolean> {
  const all = { limitTrainBatches: undefined, limitValBatches: undefined, limitTestBatches: undefined };
  // A schedule may be made for as many steps as there will be.
  const limits = { ...all, limitPredictBatches: undefined, accumulateGradBatches: 1, maxSteps: batches };
  return trial(session, limits, async (run) => {
    let [done, peak] = [0, 0];
    for await (const event of run) {
      peak = Math.max(peak, tf.memory().numBytes);
      if (peak > gauge.limit) return false;
      if (event.hook !== BATCH_END[session.stage]) continue;
      // An engine may compute no sooner than somebody asks.
      for (const tensor of tensorsIn('outputs' in event ? event.outputs : [])) await tensor.data();
      if (++done === batches) break;
    }
    gauge.record(size, peak);
    return true;
  });
}

function loaderOf({ data, stage }: Session): Loader | undefined {
  return data.anew().loaders(KINDS[stage])[0];
}

/** How many samples a loader has, if it says so. */
function samplesIn(loader: Loader | undefined): number {
  return loader instanceof DataLoader ? loader.sampler.length : Infinity;
}

function refuseFixedLoaders({ data, stage }: Session, owner: string): void {
  const kind = KINDS[stage];
  if (data.given(kind)) {
    throw refusal(`${owner} cannot be used with dataloaders passed directly to trainer.${stage}.`, {
      expected: `${kind}Dataloader() on the module or on a data module: it is called for each batch size`,
      received: 'loaders whose batch size is fixed',
      hint: 'make the loader there, with { batchSize: this.batchSize }',
    });
  }
  const count = stage === 'fit' ? 1 : data.anew().loaders(kind).length;
  if (count > 1) {
    throw refusal(`${owner} cannot be used with multiple ${WORDS[stage]} dataloaders.`, {
      expected: 'one loader',
      received: String(count),
      hint: 'find the batch size with one of them alone',
    });
  }
}

/** A loader that takes its batch size from somewhere else would seem to fit whatever is tried. */
function refuseDeafLoader(loader: Loader | undefined, size: number, name: string): void {
  if (!(loader instanceof DataLoader) || loader.batchSize === size) return;
  throw refusal(`The loader does not take its batch size from ${name}.`, {
    expected: `a DataLoader made with { batchSize: this.${name} }: ${size}`,
    received: `one with batches of ${loader.batchSize}`,
    hint: `use ${name} where the loader is made, or name another field: batchArgName`,
  });
}

function refusal(what: string, parts: Parameters<typeof StrobeError.compose>[1]): ConfigurationError {
  return new ConfigurationError(StrobeError.compose(what, parts));
}

function nothingFits({ initVal, maxTrials }: BatchSizeSearch, { limit }: MemoryGauge, cause: unknown): ContractError {
  const bound = Number.isFinite(limit) ? `, and tensors of ${(limit / 2 ** 20).toFixed(1)} MiB` : '';
  return new ContractError(
    StrobeError.compose('No batch size was found that fits into memory.', {
      expected: `one that fits within ${maxTrials} trials from ${describe(initVal)} down${bound}`,
      received: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : 'more tensors than memoryLimit allows',
      hint: 'use a smaller model or input, a smaller initVal, more maxTrials, or a higher memoryLimit',
    }),
    { cause },
  );
}
