import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  ArrayDataset,
  BackboneFinetuning,
  ConfigurationError,
  CSVLogger,
  DataLoader,
  LRFinderResult,
  parameter,
  RandomSampler,
  randomSplit,
  SimpleProfiler,
  WeightedRandomSampler,
} from 'strobe';
import { OneWeight, quietTrainer, upTo } from './support/quiet.js';

const data = new ArrayDataset([1, 2, 3, 4]);
const run = () => quietTrainer().run(new OneWeight(), upTo(2));
const weight = () => new OneWeight();

/** What takes options: a call with them, a name it does not know, and a value of a wrong type with what is said of it. */
const calls: [string, (options: never) => unknown, unknown, RegExp][] = [
  ['new DataLoader', (o) => new DataLoader(data, o), { batchSize: 'x' }, /batchSize[^]*a whole number from 1 up/],
  ['new RandomSampler', (o) => new RandomSampler(data, o), { replacement: 1 }, /replacement[^]*true or false/],
  ['new WeightedRandomSampler', (o) => new WeightedRandomSampler([1, 2], o), { replacement: 'no' }, /replacement/],
  ['randomSplit', (o) => randomSplit(data, [0.5, 0.5], o), { seed: -1 }, /seed[^]*a whole number from 0 up/],
  ['new CSVLogger', (o) => new CSVLogger(o), { saveDir: 1 }, /saveDir[^]*a string/],
  ['new SimpleProfiler', (o) => new SimpleProfiler(o), { filename: 3 }, /filename[^]*a string/],
  ['parameter', (o) => parameter(tf.scalar(1), o), { requiresGrad: 0 }, /requiresGrad[^]*true or false/],
  ['saveHyperparameters', (o) => weight().saveHyperparameters({ lr: 1 }, o), { ignore: 'lr' }, /ignore[^]*an array/],
  ['loadStateDict', (o) => weight().loadStateDict(weight().stateDict(), o), { strict: 'no' }, /strict/],
  ['clipGradients', (o) => weight().clipGradients({} as never, o), { gradientClipVal: -1 }, /gradientClipVal/],
  ['freeze', (o) => BackboneFinetuning.freeze(weight(), o), { trainBn: 'no' }, /trainBn[^]*true or false/],
  ['parametersOf', (o) => BackboneFinetuning.parametersOf(weight(), o), { trainBn: 1 }, /trainBn/],
  ['suggestion', (o) => new LRFinderResult([], []).suggestion(o), { method: 'best' }, /method[^]*"steepest" or/],
  ['run.fork', async (o) => run().fork(o), { name: 1 }, /name[^]*a string/],
  ['run.on', (o) => run().on(o, () => undefined), { hook: 'onBatch' }, /hook[^]*onTrainBatchStart/],
];

describe.each(calls)('%s', (owner, call, wrong, message) => {
  const complaint = async (options: unknown): Promise<string> => {
    try {
      await call(options as never);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as Error).message).toContain(`${owner}: `);
      return (error as Error).message;
    }
    throw new Error('nothing was refused');
  };

  it('refuses an option that it does not have', async () => {
    expect(await complaint({ nmae: join(tmpdir(), 'x') })).toMatch(/there is no option nmae[^]*received: nmae\n/);
  });

  it('refuses a value of a wrong type', async () => {
    expect(await complaint(wrong)).toMatch(message);
  });

  it('refuses what is no record of options', async () => {
    expect(await complaint(4)).toMatch(/wrong value for the options[^]*a record[^]*received: 4/);
  });
});
