import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Adam, ArrayDataset, DataLoader, scaleBatchSize, StepLR, type DataModule, type OptimizerConfig } from 'strobe';
import { findBatchSize } from '../../src/tuner/search.js';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { called } = oracle('batch_size_finder');

/** Makes its loader with `batchSize`; above `room` its step asks the engine for more than there is. */
class Hungry extends OneWeight {
  batchSize = 3;
  constructor(
    readonly samples = 1000,
    readonly room = Infinity,
    readonly seen: (size: number) => void = () => undefined,
  ) {
    super();
  }
  override trainDataloader() {
    const items = Array.from({ length: this.samples }, (_, i) => i);
    return new DataLoader(new ArrayDataset(items), { batchSize: this.batchSize });
  }
  override valDataloader() {
    return this.trainDataloader();
  }
  override predictDataloader() {
    return this.trainDataloader();
  }
  override trainingStep(batch: tf.Tensor1D, _batchIdx: number) {
    this.#take(batch.shape[0]);
    return tf.mean<tf.Scalar>(tf.mul(batch, this.w.variable));
  }
  override validationStep(batch: tf.Tensor1D) {
    this.#take(batch.shape[0]);
  }
  override predictStep(batch: tf.Tensor1D) {
    this.#take(batch.shape[0]);
    return tf.add(batch, 1);
  }
  #take(size: number): void {
    this.seen(size);
    if (size > this.room) tf.zeros([2 ** 33]).dataSync();
  }
}

/** The sizes that were tried, each once for all of its batches. */
async function search(room: number, samples: number, options: Parameters<typeof scaleBatchSize>[3]) {
  const tried: number[] = [];
  const model = new Hungry(samples, room, (size) => tried.push(size));
  const result = await scaleBatchSize(quietTrainer(), model, undefined, { stepsPerTrial: 1, ...options });
  return { result, attr: model.batchSize, tried };
}

describe('the search', () => {
  it.each([
    ['bsf.power_oom>100_N1000_trials25_margin0.0', 100, {}],
    ['bsf.power_oom>1000000_N1000_trials4_margin0.0', 1e6, { maxTrials: 4 }],
    ['bsf.power_oom>37_N1000_trials25_margin0.0', 37, {}],
    ['bsf.power_oom>1_N1000_trials25_margin0.0', 1, {}],
    ['bsf.binsearch_oom>100_N1000_trials25_margin0.05', 100, { mode: 'binsearch' }],
    ['bsf.binsearch_oom>100_N1000_trials25_margin0.0', 100, { mode: 'binsearch', margin: 0 }],
    ['bsf.binsearch_oom>1000000_N1000_trials4_margin0.0', 1e6, { mode: 'binsearch', margin: 0, maxTrials: 4 }],
  ] as const)('%s', async (id, room, options) => {
    const { given, expect: wanted } = called<{ init_val: number; steps_per_trial: number }, object>(id);
    const found = await search(room, 1000, {
      ...options,
      initVal: given.init_val,
      stepsPerTrial: given.steps_per_trial,
    });
    expect(found).toEqual(wanted);
  });

  it.each(['bsf.trials.1', 'bsf.trials.2', 'bsf.trials.3', 'bsf.margin'])('%s', async (id) => {
    interface Given {
      max_trials: number;
      mode: 'power' | 'binsearch';
      init_val: number;
      margin?: number;
    }
    const { given, expect: wanted } = called<Given, { size: number }>(id);
    const { max_trials: maxTrials, init_val: initVal, mode, margin = 0.05 } = given;
    expect((await search(Infinity, 1000, { maxTrials, initVal, mode, margin })).result).toBe(wanted.size);
  });

  it.each(['power', 'binsearch'] as const)('bsf.failure, %s: begins above what fits', async (mode) => {
    const { expect: wanted } = called<object, Record<string, number>>('bsf.failure');
    const { result, attr } = await search(100, 1000, { initVal: 500, maxTrials: 10, mode });
    expect([result, attr]).toEqual([wanted[mode], wanted[mode]]);
  });

  it('is short for a schedule that is made for as many steps as there will be', async () => {
    const steps: number[] = [];
    class Scheduled extends Hungry {
      override configureOptimizers(): OptimizerConfig {
        steps.push(this.trainer.estimatedSteppingBatches);
        return super.configureOptimizers();
      }
    }
    await scaleBatchSize(quietTrainer(), new Scheduled(8), undefined, { stepsPerTrial: 2, maxTrials: 1 });
    expect(steps.at(-1)).toBe(2);
  });

  it('goes no further than the dataset, and than maxVal', async () => {
    expect(await search(Infinity, 45, {})).toEqual({ result: 45, attr: 45, tried: [2, 4, 8, 16, 32, 45] });
    expect((await search(Infinity, 1000, { maxVal: 20 })).tried).toEqual([2, 4, 8, 16, 20]);
    expect((await search(Infinity, 5, { initVal: 64 })).tried).toEqual([5]);
  });

  it('tries each size with so many batches, through epochs if need be', async () => {
    const { tried } = await search(Infinity, 4, { stepsPerTrial: 3 });
    expect(tried).toEqual([2, 2, 2, 4, 4, 4]);
  });

  it('finds the largest size of all by bisection, whatever fits and wherever it begins', async () => {
    for (const room of [1, 2, 3, 7, 64, 100, 511]) {
      for (const initVal of [1, 2, 300]) {
        const options = { mode: 'binsearch', initVal, maxTrials: 50, largest: 512 } as const;
        expect(await findBatchSize(options, async (size) => size <= room)).toBe(room);
      }
    }
  });

  it.each(['validate', 'predict'] as const)('works for %s', async (stage) => {
    expect(await search(30, 100, { stage })).toEqual({ result: 16, attr: 16, tried: [2, 4, 8, 16, 32] });
  });
});

describe('memory', () => {
  it('says so when not even one sample fits, with what the engine said', async () => {
    await expect(search(0, 100, {})).rejects.toThrow(/No batch size was found[^]*Invalid typed array length/);
    const { result } = await search(2, 100, { initVal: 64, maxTrials: 6 });
    expect(result).toBe(2);
    await expect(search(2, 100, { initVal: 64, maxTrials: 3 })).rejects.toThrow(/within 3 trials from 64/);
  });

  it('lets errors about anything else through, and puts the batch size back', async () => {
    const model = new Hungry();
    model.trainingStep = () => {
      throw new TypeError('something else');
    };
    await expect(scaleBatchSize(quietTrainer(), model)).rejects.toThrow('something else');
    expect(model.batchSize).toBe(3);
  });

  /** A thousand floats for each sample, alive between forward and backward. */
  class Wide extends Hungry {
    override trainingStep(batch: tf.Tensor1D, batchIdx: number) {
      const wide = tf.mul(tf.ones([batch.shape[0], 1000]), this.w.variable);
      this.seen(batch.shape[0]);
      return tf.add<tf.Scalar>(tf.mean(tf.square(wide)), tf.mul(0, batchIdx));
    }
  }

  it('obeys a limit of its own, and does not try what would cross it', async () => {
    const tried: number[] = [];
    const model = new Wide(1000, Infinity, (size) => tried.push(size));
    const memoryLimit = tf.memory().numBytes + 1e6;
    const size = await scaleBatchSize(quietTrainer(), model, undefined, { stepsPerTrial: 1, memoryLimit });
    // Two tensors of 4000 bytes a sample are alive at a time.
    expect(size).toBe(64);
    expect(tried).toEqual([2, 4, 8, 16, 32, 64]);
    const strict = { stepsPerTrial: 1, memoryLimit: tf.memory().numBytes + 4000 };
    await expect(scaleBatchSize(quietTrainer(), new Wide(), undefined, strict)).rejects.toThrow(/memoryLimit/);
  });
});

describe('bsf.errors:', () => {
  const { errors } = called<object, { errors: string[] }>('bsf.errors').expect;

  it('loaders passed directly', async () => {
    const data = new DataLoader(new ArrayDataset([1, 2, 3]));
    await expect(scaleBatchSize(quietTrainer(), new Hungry(), data)).rejects.toThrow(errors[0]);
  });

  it('an unknown mode, and other wrong options', async () => {
    const find = async (options: object) => scaleBatchSize(quietTrainer(), new Hungry(), undefined, options);
    await expect(find({ mode: 'cubic' })).rejects.toThrow(errors[1]);
    await expect(find({ stepsPerTrial: 0 })).rejects.toThrow(/stepsPerTrial/);
    await expect(find({ margin: 1 })).rejects.toThrow(/margin/);
    await expect(find({ batchsize: 1 })).rejects.toThrow(/there is no option batchsize/);
  });

  it('several evaluation loaders', async () => {
    class Several extends Hungry {
      override valDataloader() {
        return [this.trainDataloader(), this.trainDataloader()] as never;
      }
    }
    const [before = '', after = ''] = (errors[2] as string).split('...');
    const trial = scaleBatchSize(quietTrainer(), new Several(), undefined, { stage: 'validate' });
    await expect(trial).rejects.toThrow(new RegExp(`${before}.*${after}`));
  });

  it('several processes: no trainer has them', () => {
    expect(errors[3]).toMatch(/distributed/);
    expect(() => quietTrainer({ strategy: 'ddp' as never })).toThrow(/strategy/);
  });

  it('no field to set, or one that the loader does not look at', async () => {
    const find = async (batchArgName: string) =>
      scaleBatchSize(quietTrainer(), new Hungry(), undefined, { batchArgName });
    await expect(find('size')).rejects.toThrow(/should have one of these fields: 'size'/);
    await expect(find('lr')).rejects.toThrow(/does not take its batch size from lr/);
  });

  it('a fast development run finds nothing, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await scaleBatchSize(quietTrainer({ fastDevRun: true }), new Hungry())).toBe(3);
    warn.mockRestore();
  });
});

describe('the field', () => {
  it('is found among the hyper-parameters, and on a data module', async () => {
    class WithHparams extends OneWeight {
      constructor() {
        super();
        this.saveHyperparameters({ batchSize: 1 });
      }
      override trainDataloader() {
        return new DataLoader(new ArrayDataset([1, 2, 3, 4, 5]), { batchSize: this.hparams['batchSize'] as number });
      }
    }
    const model = new WithHparams();
    expect(await scaleBatchSize(quietTrainer(), model)).toBe(5);
    expect(model.hparams['batchSize']).toBe(5);

    class Data implements DataModule {
      batchSize = 7;
      ready = false;
      setup() {
        this.ready = true;
      }
      trainDataloader() {
        return new DataLoader(new ArrayDataset([1, 2, 3]), { batchSize: this.batchSize });
      }
    }
    const data = new Data();
    expect(await scaleBatchSize(quietTrainer(), new OneWeight(), data)).toBe(3);
    expect([data.batchSize, data.ready]).toEqual([3, false]);
  });
});

describe('afterwards', () => {
  class Rich extends Hungry {
    steps = 0;
    readonly cache = new Map<string, number>();
    override trainingStep(batch: tf.Tensor1D, batchIdx: number) {
      this.steps += 1;
      Object.assign(this, { lastLoss: this.steps });
      const noise = tf.randomNormal(batch.shape);
      const loss = tf.mean<tf.Scalar>(tf.square(tf.sub(tf.mul(tf.add(batch, noise), this.w.variable), batchIdx)));
      if (batch.shape[0] > this.room) tf.zeros([2 ** 33]).dataSync();
      return loss;
    }
    override configureOptimizers(): OptimizerConfig {
      const optimizer = new Adam(this.parameters(), { lr: 0.1 });
      return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1 }) };
    }
  }

  it('all but the batch size is as it was, field by field, and the fit goes as it would have gone', async () => {
    const whole = new Rich(16);
    whole.batchSize = 4;
    await quietTrainer({ maxEpochs: 2 }).fit(whole);

    const model = new Rich(16, 4);
    const fields = Object.keys(model);
    const trainer = quietTrainer({ maxEpochs: 2 });
    const tensors = tf.memory().numTensors;
    const random = Math.random;
    const limits = { ...trainer.limits };
    expect(await scaleBatchSize(trainer, model)).toBe(4);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(Math.random).toBe(random);
    expect([model.value, model.steps, model.w.grad, model.w.requiresGrad, model.training]).toEqual([1, 0, null, true, true]); // prettier-ignore
    expect(Object.keys(model)).toEqual(fields);
    expect([trainer.globalStep, trainer.currentEpoch, trainer.callbackMetrics, trainer.status, trainer.stage]).toEqual([
      0,
      0,
      {},
      'initializing',
      undefined,
    ]);
    expect(trainer.limits).toEqual(limits);
    await trainer.fit(model);
    expect(model.value).toBe(whole.value);
  });

  it('a run that was paused with gradients in hand goes on as if nothing had been', async () => {
    const whole = new Rich(16);
    await quietTrainer({ maxEpochs: 2 }).fit(whole, upTo(3));
    const model = new Rich(16, 4);
    const run = quietTrainer({ maxEpochs: 2 }).run(model, upTo(3));
    await run.step(1);
    await run.until('onAfterBackward');
    const gradient = model.w.grad?.dataSync();
    await scaleBatchSize(quietTrainer(), model);
    expect(run.module.parameters()[0]?.grad?.dataSync()).toEqual(gradient);
    expect(run.position).toMatchObject({ globalStep: 1, hook: 'onAfterBackward' });
    await run.finish();
    expect(model.value).toBe(whole.value);
  });
});
