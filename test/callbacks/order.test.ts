import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Adam,
  ArrayDataset,
  BackboneFinetuning,
  BatchSizeFinder,
  Callback,
  DataLoader,
  DeviceStatsMonitor,
  EarlyStopping,
  EMAWeightAveraging,
  GradientAccumulationScheduler,
  GradientMonitor,
  LambdaCallback,
  LearningRateFinder,
  LearningRateMonitor,
  MetricsHistory,
  ModelCheckpoint,
  ModelSummary,
  Module,
  OnExceptionCheckpoint,
  parameter,
  ParameterHistograms,
  PredictionWriter,
  ProgressBar,
  RichModelSummary,
  RichProgressBar,
  StochasticWeightAveraging,
  ThroughputMonitor,
  Timer,
  Trainer,
  WeightAveraging,
  type TrainerOptions,
} from 'strobe';
import * as builtIn from '../../src/callbacks/index.js';
import { readCheckpoint } from '../../src/checkpoint/store.js';
import { scratchFolder } from '../support/scripted.js';

const folder = scratchFolder();

/** Every built-in callback, as it is made for a run whose files go to a folder. */
const KINDS: Record<string, (dirpath: string) => Callback> = {
  ModelCheckpoint: (dirpath) => new ModelCheckpoint({ dirpath, everyNTrainSteps: 3, saveTopK: -1, saveLast: true }),
  EarlyStopping: () => new EarlyStopping({ monitor: 'val_loss', patience: 1, restoreBestWeights: true }),
  LearningRateMonitor: () => new LearningRateMonitor(),
  DeviceStatsMonitor: () => new DeviceStatsMonitor({ gpuStats: false }),
  ModelSummary: () => new ModelSummary(),
  RichModelSummary: () => new RichModelSummary(),
  ProgressBar: () => new ProgressBar(),
  RichProgressBar: () => new RichProgressBar(),
  Timer: () => new Timer({ duration: { hours: 1 } }),
  BatchSizeFinder: () => new BatchSizeFinder({ stepsPerTrial: 1, maxVal: 4 }),
  LearningRateFinder: () => new LearningRateFinder({ numTrainingSteps: 14, minLr: 1e-3 }),
  GradientAccumulationScheduler: () => new GradientAccumulationScheduler({ scheduling: { 1: 2 } }),
  StochasticWeightAveraging: () =>
    new StochasticWeightAveraging({ swaLrs: 0.02, swaEpochStart: 2, annealingEpochs: 2 }),
  WeightAveraging: () => new WeightAveraging(),
  EMAWeightAveraging: () => new EMAWeightAveraging({ decay: 0.8 }),
  BackboneFinetuning: () => new BackboneFinetuning({ unfreezeBackboneAtEpoch: 1 }),
  LambdaCallback: () => new LambdaCallback({ onTrainEpochEnd: (_, module) => module.log('lambda', 1) }),
  OnExceptionCheckpoint: (dirpath) => new OnExceptionCheckpoint({ dirpath }),
  ThroughputMonitor: () => new ThroughputMonitor({ windowSize: 2 }),
  PredictionWriter: () => new (class extends PredictionWriter {})(),
  GradientMonitor: () => new GradientMonitor(),
  MetricsHistory: () => new MetricsHistory({ interval: 'both' }),
  ParameterHistograms: () => new ParameterHistograms({ everyNSteps: 2 }),
};

/** Those that put weights into the module when training ends: the last one in the list has the last word. */
const LAST_WORD = ['EarlyStopping', 'WeightAveraging', 'EMAWeightAveraging'];
/** The second one looks for a learning rate with what the first one found. */
const IN_ORDER = ['BatchSizeFinder', 'LearningRateFinder'];
const BARS = ['ProgressBar', 'RichProgressBar'];
const both = (group: readonly string[], names: readonly string[]) =>
  names.filter((name) => group.includes(name)).length > 1;

class Half extends Module {
  readonly w;
  constructor(value: number) {
    super();
    this.w = parameter(tf.scalar(value));
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, this.w.variable);
  }
}

class Model extends Module {
  batchSize = 2;
  lr = 0.05;
  readonly backbone = new Half(0.5);
  readonly head = new Half(2);

  override forward(x: tf.Tensor): tf.Tensor {
    return this.head.forward(this.backbone.forward(x));
  }
  override trainingStep(x: tf.Tensor): tf.Scalar {
    const loss = tf.mean<tf.Scalar>(tf.square(tf.sub(this.forward(x), tf.add(x, tf.randomNormal(x.shape)))));
    this.log('loss', loss);
    return loss;
  }
  override validationStep(x: tf.Tensor): void {
    this.log('val_loss', tf.mean(tf.square(tf.sub(this.forward(x), x))));
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters().filter(({ requiresGrad }) => requiresGrad), { lr: this.lr }); // prettier-ignore
  }
  override trainDataloader() {
    const items = Array.from({ length: 8 }, (_, i) => i / 8);
    return new DataLoader(new ArrayDataset(items), { batchSize: this.batchSize, shuffle: true });
  }
  override valDataloader() {
    return new DataLoader(new ArrayDataset([0.1, 0.2, 0.3]), { batchSize: 3 });
  }
}

/** What clocks and machines decide is no two times the same. */
const measured = /^DeviceStatsMonitor|^(train|validate)\//;

/** Trains with these callbacks in this order: the weights, each file with its weights and place, each logged row. */
async function remains(names: readonly string[], options: TrainerOptions = {}) {
  const dirpath = folder();
  mkdirSync(dirpath);
  const model = new Model();
  const rows = new Map<number, Record<string, number>>();
  const logger = {
    logMetrics(metrics: Record<string, number>, step: number) {
      const kept = Object.entries(metrics).filter(([name]) => !measured.test(name));
      rows.set(step, { ...rows.get(step), ...Object.fromEntries(kept) });
    },
  };
  const has = (name: string) => names.includes(name);
  const trainer = new Trainer({
    backend: 'cpu',
    maxEpochs: 3,
    seed: 1,
    logEveryNSteps: 1,
    logger,
    defaultRootDir: dirpath,
    enableProgressBar: BARS.some(has),
    enableModelSummary: has('ModelSummary') || has('RichModelSummary'),
    callbacks: [
      ...names.map((name) => KINDS[name]?.(dirpath) as Callback),
      new ModelCheckpoint({ dirpath, monitor: 'val_loss', saveTopK: 2, filename: 'best-{epoch}' }),
    ],
    ...options,
  });
  const { outcome, epochs, steps } = await trainer.fit(model);
  const files = [];
  for (const name of readdirSync(dirpath).sort()) {
    const { stateDict, epoch, globalStep } = await readCheckpoint(join(dirpath, name));
    files.push([name, epoch, globalStep, bits(stateDict)]);
    tf.dispose(stateDict);
  }
  trainer.dispose();
  return { outcome, epochs, steps, weights: bits(model.stateDict()), files, rows: [...rows] };
}

function bits(state: Record<string, tf.Tensor>) {
  return Object.entries(state).map(([name, tensor]) => [name, ...tensor.dataSync()]);
}

beforeEach(() => {
  vi.spyOn(console, 'warn').mockReturnValue();
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());

describe('the order of callbacks does not matter', () => {
  const names = Object.keys(KINDS);

  it('knows every built-in callback', () => {
    const classes = Object.entries(builtIn).filter(([, value]) => value.prototype instanceof Callback);
    expect(names.sort()).toEqual(classes.map(([name]) => name).filter((name) => name !== 'BaseFinetuning').sort()); // prettier-ignore
  });

  it.each(names)('for %s with each of the others', async (first) => {
    for (const second of names.slice(names.indexOf(first) + 1)) {
      const pair = [first, second];
      if (both(BARS, pair)) continue;
      const [there, back] = [await remains(pair), await remains([...pair].reverse())];
      expect(there.files.length, pair.join()).toBeGreaterThanOrEqual(2);
      // Where both have a word in what the weights are in the end, that is said below.
      if (!both(LAST_WORD, pair) && !both(IN_ORDER, pair)) expect(back, pair.join(' and ')).toEqual(there);
    }
  });

  it('in longer lists', async () => {
    const lists = fc
      .uniqueArray(fc.constantFrom(...names), { minLength: 3, maxLength: 6 })
      .filter((list) => ![BARS, LAST_WORD, IN_ORDER].some((group) => both(group, list)))
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    await fc.assert(
      fc.asyncProperty(lists, async ([list, shuffled]) => {
        expect(await remains(shuffled)).toEqual(await remains(list));
      }),
      { numRuns: 12 },
    );
  });
});

describe('of those that put weights into the module at the end, the last one in the list has the last word:', () => {
  const others = (name: string) => LAST_WORD.filter((other) => other !== name);

  it.each(['WeightAveraging', 'EMAWeightAveraging'])('%s puts its average', async (name) => {
    for (const other of others(name)) {
      const last = KINDS[name]?.('') as WeightAveraging;
      let average: unknown;
      const probe = new LambdaCallback({ onTrainEnd: () => (average = bits(last.averageWeights)) });
      const callbacks = [KINDS[other]?.('') as Callback, last, probe];
      const { weights } = await remains([], { callbacks, enableCheckpointing: false });
      expect(average).toHaveLength(2);
      expect(weights, other).toEqual(average);
    }
  });

  it('EarlyStopping puts the weights of its best check', async () => {
    for (const other of others('EarlyStopping')) {
      const stopping = new EarlyStopping({ monitor: 'val_loss', restoreBestWeights: true });
      const checks: { score: number; weights: unknown }[] = [];
      const probe = new LambdaCallback({
        onTrainEpochEnd: ({ callbackMetrics }, module) =>
          checks.push({ score: callbackMetrics['val_loss'] as number, weights: bits(module.stateDict()) }),
      });
      const callbacks = [KINDS[other]?.('') as Callback, stopping, probe];
      const { weights } = await remains([], { callbacks, enableCheckpointing: false });
      expect(weights, other).toEqual(checks.find(({ score }) => score === stopping.bestScore)?.weights);
    }
  });
});

it('of two averages the last one is validated and stands in the files, and the run resumes bit for bit with both', async () => {
  const path = folder('two.ckpt');
  const make = (dirpath: string) => ['WeightAveraging', 'EMAWeightAveraging'].map((name) => KINDS[name]?.(dirpath) as Callback); // prettier-ignore
  const options = { maxEpochs: 3, seed: 1, backend: 'cpu', logger: false, enableCheckpointing: false } as const;
  const quiet = { ...options, enableProgressBar: false, enableModelSummary: false };
  const seen: number[] = [];
  class Seeing extends Model {
    override validationStep(x: tf.Tensor): void {
      super.validationStep(x);
      seen.push(this.head.w.variable.dataSync()[0] as number);
    }
  }
  const averages = make('');
  const run = new Trainer({ ...quiet, callbacks: averages }).run(new Seeing());
  await run.until('onValidationStart', ({ position }) => position.epoch === 1);
  await run.save(path);
  const [plain, ema] = averages.map((average) => bits((average as WeightAveraging).averageWeights));
  expect(bits((await readCheckpoint(path)).stateDict)).toEqual(ema);
  expect(ema).not.toEqual(plain);
  await run.until('onValidationEnd');
  expect(seen.at(-1)).toBe(ema?.find(([name]) => name === 'head.w')?.[1]);
  await run.until('onTrainEnd');
  const finals = averages.map((average) => bits((average as WeightAveraging).averageWeights));
  await run.finish();
  for (const callbacks of [make(''), make('').reverse()]) {
    const resumed = new Model();
    await new Trainer({ ...quiet, callbacks }).fit(resumed, undefined, { ckptPath: path });
    const last = callbacks[1] instanceof EMAWeightAveraging ? 1 : 0;
    expect(bits(resumed.stateDict())).toEqual(finals[last]);
  }
});
