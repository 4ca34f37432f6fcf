import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Callback, DataModule } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-state-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each keeps a tensor of its own, and gives just that. */
class Keeper extends Callback {
  kept = tf.scalar(0);
  override stateDict(): object {
    return { kept: this.kept };
  }
  override loadStateDict({ kept }: { kept: tf.Scalar }): void {
    this.kept = kept;
  }
}
class Model extends OneWeight {
  kept: tf.Scalar;
  readonly scale: tf.Scalar;
  constructor({ scale = tf.scalar(2) } = {}) {
    super();
    this.kept = tf.scalar(0);
    this.scale = scale;
    this.saveHyperparameters({ scale });
  }
  override extraState(): object {
    return { kept: this.kept };
  }
  override loadExtraState({ kept }: { kept: tf.Scalar }): void {
    this.kept = kept;
  }
}
class Data extends DataModule {
  kept = tf.scalar(0);
  override trainDataloader() {
    return upTo(4);
  }
  override stateDict(): object {
    return { kept: this.kept };
  }
  override loadStateDict({ kept }: { kept: tf.Scalar }): void {
    this.kept = kept;
  }
}

describe('tensors in the state of a callback, a module and its data', () => {
  const make = () => ({ callback: new Keeper(), model: new Model(), data: new Data() });
  const values = ({ callback, model, data }: ReturnType<typeof make>) =>
    [callback.kept, model.kept, data.kept, model.scale].map((tensor) => tensor.dataSync()[0]);

  it('stay whose they are when the run goes on, goes back, and is saved', async () => {
    const all = make();
    const run = quietTrainer({ callbacks: [all.callback] }).run(all.model, all.data);
    await run.step(2);
    for (const keeper of [all.callback, all.model, all.data]) keeper.kept = tf.scalar(5);
    await run.step();
    await run.save(join(folder, 'five.ckpt'));
    await run.rewind(1);
    await run.finish();
    expect(values(all)).toEqual([5, 5, 5, 2]);
  });

  it('belong to who gets them from a file', async () => {
    const path = join(folder, 'five.ckpt');
    const all = make();
    await quietTrainer({ callbacks: [all.callback] }).fit(all.model, all.data, { ckptPath: path });
    expect(values(all)).toEqual([5, 5, 5, 2]);
    const model = await Model.loadFromCheckpoint(path);
    expect(values({ ...all, model })).toEqual([5, 5, 5, 2]);
  });
});
