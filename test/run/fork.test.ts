import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { LambdaCallback, Trainer, type Module } from 'strobe';
import { Net, quiet, start, weights, finished, uninterrupted } from './support.js';

describe('a fork', () => {
  it('goes its own way; the first run does not notice', async () => {
    const { run } = start();
    await run.step(4);
    const fork = await run.fork();
    fork.trainer.optimizers.forEach((optimizer) => (optimizer.lr = 1e-5));
    const slow = await finished(fork);
    expect(slow).not.toEqual(uninterrupted);
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('ends with the same bits if nothing is changed, even when both take turns', async () => {
    const { run } = start();
    await run.until('onAfterBackward', ({ position }) => position.globalStep === 4);
    const fork = await run.fork();
    while (run.status === 'paused' || fork.status === 'paused') {
      if (run.status === 'paused') await run.next();
      if (fork.status === 'paused') await fork.next();
      if (run.status === 'completed' && fork.status === 'paused') await fork.finish();
    }
    expect(run.trainer.globalStep).toBe(9);
    expect(fork.trainer.globalStep).toBe(9);
    expect(weights(run)).toEqual(uninterrupted);
  });

  it('takes limits as they were set, also where the trainer could not have been made with them', async () => {
    const { run } = start();
    run.trainer.options.minEpochs = 2;
    run.trainer.limits.maxEpochs = 1;
    await run.step();
    expect(await run.validate()).toHaveLength(1);
    expect(await (await run.fork()).finish()).toMatchObject({ epochs: 1, reason: 'maxEpochs=1 reached' });
  });

  it('leaves the run it came from its own weights when that is saved or stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-fork-'));
    try {
      const { run } = start();
      await run.step(4);
      const fork = await run.fork();
      await fork.step(2);
      const path = join(folder, 'first.ckpt');
      await run.save(path);
      const resumed = start({ ckptPath: path }).run;
      expect(await finished(resumed)).toEqual(uninterrupted);

      // What the end hooks of one do to the module is not done to the other.
      const clear = ({ module }: { module: Module }) =>
        module.parameters().forEach((parameter) => parameter.assign(tf.zeros(parameter.shape)));
      run.trainer.callbacks.add(new LambdaCallback({ onTrainEnd: clear }));
      await run.stop();
      expect(await finished(fork)).toEqual(uninterrupted);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shares its data: the data module is torn down when the last of them is done with it', async () => {
    let torn = 0;
    const data = { trainDataloader: () => [[tf.ones([2, 4]), tf.ones([2, 1])]], teardown: () => void torn++ };
    const run = new Trainer({ ...quiet, maxEpochs: 1 }).run(new Net(), data);
    const fork = await run.fork();
    const second = await fork.fork();
    await fork.finish();
    await second.stop();
    expect(torn).toBe(0);
    await run.finish();
    expect(torn).toBe(1);
  });
});
