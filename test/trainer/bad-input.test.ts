import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  DataLoader,
  Module,
  ModelCheckpoint,
  parameter,
  SGD,
  TensorDataset,
  Trainer,
  type TrainerOptions,
} from 'strobe';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-bad-input-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class Line extends Module {
  readonly w = parameter(tf.scalar(1));
  override trainingStep(batch: tf.Tensor, _batchIdx: number): tf.Scalar {
    return tf.mean(tf.mul(batch, this.w.variable));
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}
const batches = [tf.ones([2]), tf.ones([2])];
const trainer = (options: TrainerOptions = {}) =>
  new Trainer({
    maxEpochs: 1,
    backend: 'cpu',
    logger: false,
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
    defaultRootDir: folder,
    ...options,
  });

/** Every message says what was expected, what came, and what to do. */
async function complaint(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    const { message } = error as Error;
    expect(message).toMatch(/expected: .+\n {2}received: .+\n {2}to do: {4}.+/s);
    return message;
  }
  throw new Error('nothing was refused');
}

function withStep(step: (w: tf.Tensor, batchIdx: number) => unknown): Line {
  const model = new Line();
  model.trainingStep = ((_batch: tf.Tensor, batchIdx: number) =>
    step(model.w.variable, batchIdx)) as Line['trainingStep'];
  return model;
}

describe('a module that cannot be trained is refused', () => {
  it('without a trainingStep', async () => {
    class Nothing extends Module {}
    expect(await complaint(() => trainer().fit(new Nothing(), batches))).toContain(
      'Nothing cannot be trained: it has no trainingStep',
    );
  });

  it.each([
    ['a loss that is not a scalar', (w: tf.Tensor) => tf.mul(w, [1, 2]), 'float32 tensor of shape [2]'],
    ['a loss that is a number', () => 3, 'received: 3'],
    ['a record without a loss', (w: tf.Tensor) => ({ logits: w }), 'gave no usable loss'],
    ['a promise', async () => tf.scalar(1), 'without async and await'],
  ])('for %s', async (_, step, says) => {
    expect(await complaint(() => trainer().fit(withStep(step), batches))).toContain(says);
  });

  it('for a loss that is NaN, naming the step and the batch; the weights are those from before', async () => {
    const model = withStep((w, batchIdx) => (batchIdx === 1 ? tf.mul(tf.sum(w), NaN) : tf.sum(w)));
    expect(await complaint(() => trainer().fit(model, batches))).toContain(
      'The loss of step 1 (epoch 0, batch 1) is NaN',
    );
    expect(model.w.variable.dataSync()[0]).toBeCloseTo(0.9);
  });

  it('for a parameter that appears twice in its optimizer', async () => {
    const model = new Line();
    model.configureOptimizers = () => new SGD([model.w, model.w], { lr: 0.1 });
    expect(await complaint(() => trainer().fit(model, batches))).toContain('w');
  });

  it('when it is no module', async () => {
    expect(await complaint(() => trainer().fit({} as Module, batches))).toContain('trainer.fit takes a module first');
  });
});

describe('data that cannot be used is refused', () => {
  it.each([
    ['none at all', undefined, 'trainer.fit has no train data'],
    ['an empty loader', [], 'no batch'],
    ['a number', 3, 'not data'],
    ['a misspelt record', { trian: batches }, 'not data'],
    ['a record with something else in it', { train: 3 }, 'Cannot load batches'],
  ])('%s', async (_, data, says) => {
    expect(await complaint(() => trainer().fit(new Line(), data as never))).toContain(says);
  });

  it('an empty DataLoader', async () => {
    const empty = new DataLoader(new TensorDataset(tf.zeros([3, 2])), { batchSize: 4, dropLast: true });
    expect(await complaint(() => trainer().fit(new Line(), empty))).toContain('dropLast');
  });
});

describe('a checkpoint that cannot be gone on from is refused', () => {
  async function saved(): Promise<string> {
    const path = join(folder, 'good.ckpt');
    const model = new Line();
    model.configureOptimizers = () => new Adam(model.parameters()) as never;
    const run = trainer().run(model, batches);
    await run.step();
    await run.save(path);
    await run.stop();
    return path;
  }
  const goOn = (ckptPath: string) => trainer().fit(new Line(), batches, { ckptPath });

  it('when it is not there, or is something else', async () => {
    expect(await complaint(() => goOn(join(folder, 'none.ckpt')))).toContain('none.ckpt');
    const path = join(folder, 'text.ckpt');
    await writeFile(path, 'This is not a checkpoint, but it is long enough to be one.');
    expect(await complaint(() => goOn(path))).toContain('text.ckpt');
  });

  it('when it was cut short or has something after its end, and the file stays as it is', async () => {
    const good = await saved();
    const bytes = await readFile(good);
    for (const damaged of [
      bytes.subarray(0, bytes.length - 3),
      bytes.subarray(0, 20),
      Buffer.concat([bytes, Buffer.alloc(5)]),
    ]) {
      const path = join(folder, 'damaged.ckpt');
      await writeFile(path, damaged);
      expect(await complaint(() => goOn(path))).toContain('damaged.ckpt');
      expect(await readFile(path)).toEqual(damaged);
    }
  });

  it('when its weights belong to another model', async () => {
    class Other extends Line {
      readonly extra = parameter(tf.zeros([2]));
    }
    const path = await saved();
    expect(await complaint(() => trainer().fit(new Other(), batches, { ckptPath: path }))).toContain('missing: extra');
  });
});

it('a run that fails loses none of the checkpoints it has saved', async () => {
  const dirpath = join(folder, 'kept');
  const model = new Line();
  const checkpoints = new ModelCheckpoint({ dirpath, everyNTrainSteps: 1, saveTopK: -1 });
  const failing = trainer({ maxEpochs: 2, callbacks: [checkpoints], enableCheckpointing: true });
  model.onTrainEpochEnd = () => {
    throw new RangeError('on purpose');
  };
  await expect(failing.fit(model, batches)).rejects.toThrow('on purpose');
  const files = (await readdir(dirpath)).toSorted();
  expect(files).toEqual(['epoch=0-step=1.ckpt', 'epoch=0-step=2.ckpt']);
  await truncate(join(dirpath, 'epoch=0-step=1.ckpt'), 100);
  const resumed = trainer({ maxEpochs: 1 });
  const result = await resumed.fit(new Line(), batches, { ckptPath: join(dirpath, 'epoch=0-step=2.ckpt') });
  expect(result).toMatchObject({ outcome: 'completed', steps: 2 });
});

describe('an option that makes no sense is refused where the trainer is made', () => {
  it.each([
    [{ maxEpochs: 1.5 }, 'maxEpochs'],
    [{ maxEpoch: 2 }, 'no option called maxEpoch'],
    [{ limitTrainBatches: 2.5 }, 'limitTrainBatches'],
    [{ gradientClipAlgorithm: 'max' }, 'gradientClipAlgorithm'],
    [{ callbacks: [{}] }, 'callbacks.0'],
    [{ minEpochs: 3, maxEpochs: 2 }, 'minEpochs: 3'],
    [{ barebones: true, logger: true }, 'barebones'],
    [{ overfitBatches: 2, limitTrainBatches: 3 }, 'overfitBatches'],
  ])('%j', async (options, says) => {
    expect(await complaint(() => new Trainer(options as TrainerOptions))).toContain(says);
  });
});
