import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Adam, ArrayDataset, Callback, DataLoader, StepLR, type OptimizerConfig, type Trainer } from 'strobe';
import { readCheckpoint } from '../../src/checkpoint/store.js';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

const resume = oracle('resume');
const checkpoint = oracle('checkpoint');

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-again-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes down which item came in which batch of which epoch, and how epochs begin and end. */
class Itemised extends OneWeight {
  readonly seen: [number, number, number][] = [];
  readonly epochs: unknown[] = [];
  override trainingStep(batch: tf.Tensor, batchIdx: number) {
    const item = batch.dataSync()[0] as number;
    this.seen.push([this.currentEpoch, batchIdx, item]);
    this.log('item', item, { onStep: false, onEpoch: true });
    return super.trainingStep(batch, batchIdx);
  }
  override onTrainEpochStart(): void {
    this.epochs.push(['start', this.currentEpoch]);
  }
  override onTrainEpochEnd(): void {
    this.epochs.push(['end', this.currentEpoch, this.trainer.callbackMetrics['item']]);
  }
}

/** Saves in onTrainBatchEnd when so many steps are done. */
class SavesAt extends Callback {
  constructor(
    readonly step: number,
    readonly path: string,
  ) {
    super();
  }
  override async onTrainBatchEnd(trainer: Trainer): Promise<void> {
    if (trainer.globalStep === this.step) await trainer.saveCheckpoint(this.path);
  }
}

const items = (shuffle = false) => new DataLoader(new ArrayDataset([0, 1, 2, 3]), { batchSize: 1, shuffle });

describe('going on from a checkpoint', () => {
  it.each([2, 4, 6])(
    'sees the items, the epochs and the means of the uninterrupted fit: saved at step %i',
    async (step) => {
      const { expect: wanted } = resume.called<unknown, { uninterrupted: number[][] }>('resume.plain_resume_step4');
      const path = join(folder, `plain-${step}.ckpt`);
      const whole = new Itemised();
      await quietTrainer({ maxEpochs: 2, callbacks: [new SavesAt(step, path)] }).fit(whole, items());
      expect(whole.seen).toEqual(wanted.uninterrupted);

      const rest = new Itemised();
      const result = await quietTrainer({ maxEpochs: 2 }).fit(rest, items(), { ckptPath: path });
      expect(rest.seen).toEqual(wanted.uninterrupted.slice(step));
      // Epochs end with the mean over all their items, and begin again only if they had not begun.
      const begun = [['start', 0], ...(step > 4 ? [['end', 0, 1.5], ['start', 1]] : [])]; // prettier-ignore
      expect([...begun, ...rest.epochs]).toEqual(whole.epochs);
      expect(result).toMatchObject({ steps: 8, epochs: 2 });
    },
  );

  it('draws the same order of a shuffled loader: resume.rng', async () => {
    const path = join(folder, 'shuffled.ckpt');
    const whole = new Itemised();
    await quietTrainer({ maxEpochs: 3, callbacks: [new SavesAt(4, path)] }).fit(whole, items(true));
    const rest = new Itemised();
    await quietTrainer({ maxEpochs: 3, seed: 77 }).fit(rest, items(true), { ckptPath: path });
    expect(rest.seen).toEqual(whole.seen.slice(4));
  });

  it('is refused when the checkpoint has come further than the trainer is to go: resume.epoch_guard', async () => {
    const path = join(folder, 'far.ckpt');
    const trainer = quietTrainer({ maxEpochs: 3 });
    await trainer.fit(new OneWeight(), upTo(2));
    await trainer.saveCheckpoint(path);
    const short = quietTrainer({ maxEpochs: 2 });
    await expect(short.fit(new OneWeight(), upTo(2), { ckptPath: path })).rejects.toThrow(
      /has completed 3 epochs, more than the trainer is to run/,
    );
  });

  it('reads an unsized loader up to where it was, with a word about it: resume.warn', async () => {
    const path = join(folder, 'unsized.ckpt');
    const unsized = { *[Symbol.iterator]() { yield* upTo(4); } }; // prettier-ignore
    const whole = new Itemised();
    await quietTrainer({ callbacks: [new SavesAt(2, path)] }).fit(whole, unsized);
    const rest = new Itemised();
    const trainer = quietTrainer();
    const warnings: string[] = [];
    trainer.printer = (line) => warnings.push(line);
    await trainer.fit(rest, unsized, { ckptPath: path });
    expect(rest.seen).toEqual(whole.seen.slice(2));
    expect(warnings.join()).toMatch(/does not know its length.*batches are read/s);
  });
});

describe('a checkpoint', () => {
  it('holds what the recorded one holds, under our names: ckpt.keys', async () => {
    const { expect: wanted } = checkpoint.called<
      unknown,
      { hyper_parameters: object; epoch: number; global_step: number }
    >('ckpt.keys');
    class Remembered extends OneWeight {
      constructor(options: object) {
        super();
        this.saveHyperparameters(options);
      }
    }
    class Stateful extends Callback {
      override stateDict = () => ({ count: 1 });
    }
    const trainer = quietTrainer({ callbacks: [new Stateful()] });
    await trainer.fit(new Remembered(wanted.hyper_parameters), upTo(1));
    const [full, weights] = [join(folder, 'full.ckpt'), join(folder, 'weights.ckpt')];
    await trainer.saveCheckpoint(full);
    await trainer.saveCheckpoint(weights, { weightsOnly: true });
    const common = ['epoch', 'format', 'globalStep', 'hyperParameters', 'stateDict', 'strobeVersion'];
    const whole = await readCheckpoint(full);
    expect(Object.keys(whole).sort()).toEqual(
      [...common, 'callbacks', 'lrSchedulers', 'optimizerStates', 'run'].sort(),
    );
    expect(Object.keys(await readCheckpoint(weights)).sort()).toEqual(common);
    const { epoch, globalStep, hyperParameters } = whole;
    expect({ epoch, global_step: globalStep, hyper_parameters: hyperParameters }).toEqual({
      epoch: wanted.epoch,
      global_step: wanted.global_step,
      hyper_parameters: wanted.hyper_parameters,
    });
  });

  it('saved in mid-epoch stands after the hook that saved it, its batch counted once: ckpt.mid_epoch', async () => {
    const { expect: wanted } = checkpoint.called<unknown, { epoch: number; global_step: number }>('ckpt.mid_epoch');
    const path = join(folder, 'mid.ckpt');
    await quietTrainer({ callbacks: [new SavesAt(2, path)] }).fit(new OneWeight(), upTo(4));
    const { epoch, globalStep, run } = await readCheckpoint(path);
    expect({ epoch, global_step: globalStep }).toEqual({ epoch: wanted.epoch, global_step: wanted.global_step });
    // The peer counts the batch as unfinished and patches that on resume; here the place says it.
    expect(run).toMatchObject({ place: { after: 'SavesAt' }, progress: { batchIdx: 1, globalStep: 2 } });
    expect((run as { place: { path: string } }).place.path).toMatch(/onTrainBatchEnd$/);
  });
});

describe('a second fit', () => {
  it('does nothing when the limit is reached, and goes on when it is raised: resume.fit_twice', async () => {
    const { given, expect: wanted } = resume.called<
      { max_epochs: number[]; batches: number },
      { after1: number[]; after2_same_max: number[]; after3_max3: number[] }
    >('resume.fit_twice');
    const model = new Itemised();
    const trainer = quietTrainer();
    const ends: number[][] = [];
    for (const maxEpochs of given.max_epochs) {
      trainer.limits.maxEpochs = maxEpochs;
      await trainer.fit(model, upTo(given.batches));
      ends.push([trainer.currentEpoch, trainer.globalStep, model.seen.length]);
    }
    expect(ends).toEqual([wanted.after1, wanted.after2_same_max, wanted.after3_max3]);
  });

  class Scheduled extends OneWeight {
    override configureOptimizers(): OptimizerConfig {
      const optimizer = new Adam(this.parameters(), { lr: 0.1 });
      return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1, gamma: 0.5 }) };
    }
  }

  it('trains so many epochs more, moments and rates going on, as one long fit would', async () => {
    const whole = new Scheduled();
    await quietTrainer({ maxEpochs: 5 }).fit(whole, upTo(3));
    const parts = new Scheduled();
    const trainer = quietTrainer({ maxEpochs: 2 });
    await trainer.fit(parts, upTo(3));
    const result = await trainer.fit(parts, upTo(3), { epochs: 3 });
    expect(result).toMatchObject({ epochs: 5, steps: 15, reason: 'maxEpochs=5 reached' });
    expect(parts.value).toBe(whole.value);
    await expect(trainer.fit(parts, upTo(3), { epochs: 0 })).rejects.toThrow(/wrong value for epochs/);
  });

  it('goes on with moments and rates after an evaluation, too, and from what is saved after one', async () => {
    class Tested extends Scheduled {
      override validationStep(): void {}
    }
    const whole = new Tested();
    await quietTrainer({ maxEpochs: 4 }).fit(whole, upTo(3));
    const parts = new Tested();
    const trainer = quietTrainer({ maxEpochs: 2 });
    await trainer.fit(parts, upTo(3));
    await trainer.validate(parts, upTo(1));
    const path = join(folder, 'evaluated.ckpt');
    await trainer.saveCheckpoint(path);
    const before = tf.memory().numTensors;
    await trainer.validate(parts, upTo(1));
    expect(tf.memory().numTensors - before).toBe(1); // The data's.
    await trainer.fit(parts, upTo(3), { epochs: 2 });
    expect(parts.value).toBe(whole.value);
    const resumed = new Tested();
    await quietTrainer({ maxEpochs: 4 }).fit(resumed, upTo(3), { ckptPath: path });
    expect(resumed.value).toBe(whole.value);
  });

  it('begins its next epoch when it goes on from the middle of an evaluation', async () => {
    const path = join(folder, 'in-evaluation.ckpt');
    class Tested extends Itemised {
      override validationStep(): void {}
    }
    const run = quietTrainer().run(new Tested(), upTo(2), { stage: 'validate' });
    await run.until('onValidationBatchEnd', ({ batchIdx }) => batchIdx === 1);
    await run.save(path);
    const model = new Tested();
    const { metrics } = await quietTrainer().fit(model, items(), { ckptPath: path });
    expect(model.seen).toHaveLength(4);
    expect(metrics).toEqual({ item: 1.5 });
  });

  it('leaves no tensors of the first behind', async () => {
    const model = new Scheduled();
    const data = upTo(3);
    const trainer = quietTrainer();
    await trainer.fit(model, data);
    const before = tf.memory().numTensors;
    await trainer.fit(model, data, { epochs: 2 });
    expect(tf.memory().numTensors).toBe(before);
    expect(await readdir(folder)).not.toContain('lightning_logs');
  });
});
