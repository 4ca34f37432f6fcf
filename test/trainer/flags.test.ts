import { describe, expect, it, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { ArrayDataset, Callback, DataLoader, parameter, Trainer, type TrainerOptions } from 'strobe';
import { oracle } from '../support/oracle.js';
import { numbers, OneWeight, quietTrainer, upTo } from '../support/quiet.js';

const { called } = oracle('trainer_flags');

/** Asks to stop at the end of every epoch. */
class Impatient extends Callback {
  override onTrainEpochEnd(trainer: Trainer): void {
    trainer.shouldStop = true;
  }
}

class Validated extends OneWeight {
  /** Batches trained when each validation began. */
  readonly after: number[] = [];
  trained = 0;
  override onTrainBatchEnd(): void {
    this.trained += 1;
  }
  override validationStep(): void {}
  override onValidationStart(): void {
    this.after.push(this.trained);
  }
}

describe('minima', () => {
  it.each(['es.min.1', 'es.min.2', 'es.min.3', 'es.min.4', 'es.min.6'])(
    'are met before a request to stop is obeyed: %s',
    async (id) => {
      const { given, expect: wanted } = called<Record<string, number>, { global_step: number }>(id);
      const trainer = quietTrainer({
        maxEpochs: 10,
        minEpochs: given['min_epochs'],
        minSteps: given['min_steps'],
        callbacks: [new Impatient()],
      });
      const { steps } = await trainer.fit(new OneWeight(), upTo(given['limit_train_batches'] as number));
      expect(steps).toBe(wanted.global_step);
    },
  );

  it.each([
    ['flag.min.n5_min_epochs0_min_steps10', 5, { minEpochs: 0, minSteps: 10 }],
    ['flag.min.n3_min_epochs2_min_steps0', 3, { minEpochs: 2, minSteps: 0 }],
  ])('also without a maximum: %s', async (id, batches, minima) => {
    const { expect: wanted } = called<unknown, Record<string, number[]>>(id);
    const trainer = quietTrainer({ maxEpochs: -1, ...minima, callbacks: [new Impatient()] });
    const { epochs, steps } = await trainer.fit(new OneWeight(), upTo(batches));
    expect([epochs, steps]).toEqual(wanted['[epochs,global_step]']);
  });
});

describe('limits of batches', () => {
  async function trained(batches: tf.Tensor[] | Iterable<tf.Tensor>, limitTrainBatches: number | undefined) {
    const trainer = quietTrainer(limitTrainBatches === undefined ? {} : { limitTrainBatches });
    return (await trainer.fit(new OneWeight(), batches)).steps;
  }
  /** Endless, and of no known length. */
  const endless = {
    *[Symbol.iterator]() {
      for (;;) yield tf.tensor1d([1]);
    },
  };

  it.each([
    // All is said by leaving the limit out: JavaScript cannot tell 1.0 from 1.
    ['flag.limit.len64_limit1.0', upTo(64), undefined],
    ['flag.limit.len5_limit0.2', upTo(5), 0.2],
    ['flag.limit.len64_limit0.0', upTo(64), 0],
    ['flag.limit.leninf_limit10', endless, 10],
  ])('%s', async (id, batches, limit) => {
    const { expect: wanted } = called<unknown, { batches_or_error: number }>(id);
    expect(await trained(batches, limit)).toBe(wanted.batches_or_error);
  });

  it('refuse a share of what has no length: flag.limit.leninf_limit0.5', async () => {
    await expect(trained(endless, 0.5)).rejects.toThrow(
      /limitTrainBatches: 0.5 is a fraction of a loader that does not/,
    );
  });

  it('refuse a share that leaves nothing, and name the smallest that does not', async () => {
    await expect(trained(upTo(4), 0.1)).rejects.toThrow(/at least 0.25/);
  });
});

describe('a limit of training batches that is changed while an epoch runs', () => {
  /** Trains epochs of 8 batches; after so many of the first one their number is limited. */
  async function limited(after: number, limit: number | undefined, options: TrainerOptions = {}) {
    const model = new Validated();
    const run = quietTrainer({ maxEpochs: 2, numSanityValSteps: 0, ...options }).run(model, {
      train: upTo(8),
      val: upTo(1),
    });
    await run.step(after);
    run.trainer.limits.limitTrainBatches = limit;
    const { epochs } = await run.finish();
    return { after: model.after, epochs };
  }

  it('holds from the next batch on; with fewer than there were already, the next one is the last', async () => {
    expect(await limited(2, 5)).toEqual({ after: [5, 10], epochs: 2 });
    expect(await limited(6, 4)).toEqual({ after: [7, 11], epochs: 2 });
    expect(await limited(2, undefined, { limitTrainBatches: 3 })).toEqual({ after: [8, 16], epochs: 2 });
    expect(await limited(2, 0)).toEqual({ after: [], epochs: 1 });
  });

  it('holds from the next step on when several batches make one', async () => {
    expect(await limited(6, 3, { accumulateGradBatches: 4 })).toEqual({ after: [8, 11], epochs: 2 });
  });
});

describe('training data', () => {
  it('that turns out to be empty is refused: epochs of it would go on for ever', async () => {
    const nothing = { *[Symbol.iterator]() {} };
    await expect(quietTrainer({ maxEpochs: -1 }).fit(new OneWeight(), nothing)).rejects.toThrow(
      /no batch in the train/,
    );
    expect(await quietTrainer({ limitTrainBatches: 0 }).fit(new OneWeight(), nothing)).toMatchObject({ epochs: 0 });
  });

  it('is not shuffled when overfitting, which is said once', async () => {
    const trainer = quietTrainer({ maxEpochs: 3, overfitBatches: 1 });
    const lines: string[] = [];
    trainer.printer = (line) => lines.push(line);
    const loader = new DataLoader(new ArrayDataset([1, 2, 3]), { shuffle: true });
    expect(await trainer.fit(new OneWeight(), loader)).toMatchObject({ steps: 3 });
    expect(lines.filter((line) => line.includes('not shuffled'))).toHaveLength(1);
  });

  it('is one loader', async () => {
    const loader = new DataLoader(new ArrayDataset([1, 2]));
    const several = [loader, loader] as unknown as DataLoader;
    await expect(quietTrainer().fit(new OneWeight(), several)).rejects.toThrow(/one loader[^]*2 loaders in an array/);
  });
});

describe('when validation runs', () => {
  it.each([
    ['flag.val.batches10_interval0.3_every1', 10, { valCheckInterval: 0.3 }],
    ['flag.val.batches10_interval4_every1', 10, { valCheckInterval: 4 }],
    ['flag.val.batches10_interval1.0_every1', 10, {}],
    ['flag.val.batches4_interval3_everyNone', 4, { valCheckInterval: 3, checkValEveryNEpoch: null }],
  ] as const)('%s', async (id, batches, options) => {
    const { given, expect: wanted } = called<{ epochs: number }, { validated_after_batches: number[] }>(id);
    const model = new Validated();
    const trainer = quietTrainer({ maxEpochs: given.epochs, numSanityValSteps: 0, ...options });
    await trainer.fit(model, { train: upTo(batches), val: upTo(1) });
    expect(model.after).toEqual(wanted.validated_after_batches);
  });

  it('by the clock: flag.val_time', async () => {
    const { given, expect: wanted } = called<
      { '(every_n_epoch,interval_s,epoch_s)': [number | null, number, number][]; epochs: number },
      { 'validation batches per epoch': number[][] }
    >('flag.val_time');
    for (const [i, [every, interval, batches]] of given['(every_n_epoch,interval_s,epoch_s)'].entries()) {
      let now = 0;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
      try {
        const perEpoch: number[] = [];
        class Timed extends OneWeight {
          override trainingStep(batch: tf.Tensor, batchIdx: number) {
            now += 1000; // Every batch takes a second.
            return super.trainingStep(batch, batchIdx);
          }
          override onTrainEpochStart(): void {
            perEpoch.push(0);
          }
          override validationStep(): void {
            perEpoch[perEpoch.length - 1]! += 1;
          }
        }
        const trainer = quietTrainer({
          maxEpochs: given.epochs,
          numSanityValSteps: 0,
          checkValEveryNEpoch: every,
          valCheckInterval: { seconds: interval },
        });
        await trainer.fit(new Timed(), { train: upTo(batches), val: upTo(1) });
        expect(perEpoch).toEqual(wanted['validation batches per epoch'][i]);
      } finally {
        clock.mockRestore();
      }
    }
  });
});

describe('what validation leaves', () => {
  /** Draws a number in every training batch. */
  class Drawing extends OneWeight {
    readonly draws: number[] = [];
    override validationStep(): void {}
    override onTrainBatchStart(): void {
      this.draws.push(Math.random());
    }
  }

  it('is nothing that training could see: neither in what it draws nor in where it says it stands', async () => {
    const drawn = async (options: TrainerOptions) => {
      const model = new Drawing();
      const run = quietTrainer({ maxEpochs: 2, seed: 1, ...options }).run(model, { train: upTo(3), val: upTo(2) });
      run.on({ hook: 'onTrainBatchStart' }, ({ position }) => expect(position.dataloaderIdx).toBe(0));
      await run.finish();
      return model.draws;
    };
    const without = await drawn({ limitValBatches: 0 });
    expect(without).toHaveLength(6);
    expect(await drawn({ numSanityValSteps: 0 })).toEqual(without);
    expect(await drawn({ numSanityValSteps: 2, valCheckInterval: 1 })).toEqual(without);
  });
});

describe('clipping', () => {
  it.each([
    ['clip.norm_1.0', 1, 'norm'],
    ['clip.value_0.5', 0.5, 'value'],
    ['clip.norm_10.0', 10, 'norm'],
  ] as const)('%s', async (id, gradientClipVal, gradientClipAlgorithm) => {
    const { expect: wanted } = called<unknown, { grad_after: number[]; w: number[] }>(id);
    let clipped: number[] = [];
    class Slope extends OneWeight {
      // Its gradient is w itself, [3, 4]: the norm is 5.
      override readonly w = parameter(tf.tensor1d([3, 4]));
      override trainingStep() {
        return tf.mul<tf.Scalar>(0.5, tf.sum(tf.square(this.w.variable)));
      }
      override optimizerStep(_epoch: number, _batch: number, optimizer: { step(): void }): void {
        clipped = [...(this.w.grad as tf.Tensor).dataSync()];
        optimizer.step();
      }
    }
    const model = new Slope();
    await quietTrainer({ gradientClipVal, gradientClipAlgorithm }).fit(model, numbers(1));
    expect(clipped.map(Math.fround)).toEqual(wanted.grad_after.map(Math.fround));
    expect([...model.w.variable.dataSync()].map(Math.fround)).toEqual(wanted.w.map(Math.fround));
  });
});

describe('how long to train', () => {
  it('is 1000 epochs when nobody says, with a word about it: flag.max_epochs', () => {
    const { expect: wanted } = called<unknown, { max_epochs: number }>('flag.max_epochs');
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      const trainer = new Trainer({ enableProgressBar: false, logger: false });
      expect(trainer.limits.maxEpochs).toBe(wanted.max_epochs);
      expect(warned.mock.calls.flat().join()).toContain('maxEpochs was not set. Setting it to 1000 epochs.');
      warned.mockClear();
      expect(new Trainer({ maxSteps: 5, logger: false }).limits.maxEpochs).toBe(-1);
      expect(warned).not.toHaveBeenCalled();
    } finally {
      warned.mockRestore();
    }
  });

  it('is named in the reason for the end: flag.epoch_msg', async () => {
    const reason = async (options: TrainerOptions, batches = 2) =>
      (await quietTrainer(options).fit(new OneWeight(), upTo(batches))).reason;
    expect(await reason({ limitTrainBatches: 0 })).toBe('no training batches');
    expect(await reason({ maxSteps: 1, maxEpochs: -1 })).toBe('maxSteps=1 reached');
    expect(await reason({ maxEpochs: 3 })).toBe('maxEpochs=3 reached');
    expect(await reason({ maxEpochs: 3, callbacks: [new Impatient()] })).toBe('trainer.shouldStop was set');
  });

  it('is one short pass with fastDevRun, which nobody judges or saves: flag.fast_dev', async () => {
    const { given, expect: wanted } = called<{ fast_dev_run: number[] }, { max_steps: number[] }>('flag.fast_dev');
    for (const [i, fastDevRun] of given.fast_dev_run.entries()) {
      const trainer = new Trainer({ fastDevRun, backend: 'cpu', enableProgressBar: false, enableModelSummary: false });
      const { limits, options } = trainer;
      expect(limits).toMatchObject({ maxSteps: wanted.max_steps[i], maxEpochs: 1, checkValEveryNEpoch: 1 });
      expect(limits.valCheckInterval).toBeUndefined();
      expect(options).toMatchObject({ numSanityValSteps: 0, logger: false });
      expect(trainer.checkpointCallback).toBeUndefined();
      expect((await trainer.fit(new Validated(), { train: upTo(9), val: upTo(9) })).steps).toBe(fastDevRun);
    }
  });
});
