import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Trainer, useBackend, type Module, type Run } from 'strobe';
import { batches, dropData, Net, quiet, stats } from './support.js';

beforeAll(() => useBackend('onnx'));
afterAll(dropData);

describe('a run', () => {
  const options = { ...quiet, maxEpochs: 2 };
  const weightsOf = (module: Module) => module.parameters().map(({ variable }) => [...variable.dataSync()]);

  /** Steps, rewinds, forks and finishes; @returns the weights of both ends. */
  async function journey(replay: boolean) {
    const module = new Net();
    const run = new Trainer({ ...options, replay }).run(module, batches(24) as never);
    await run.step(9);
    await run.rewind(4);
    const fork = await run.fork();
    fork.trainer.optimizers[0]!.lr = 0.05;
    await fork.finish();
    const forked = weightsOf(fork.module);
    await run.finish();
    return { forked, went: weightsOf(run.module) };
  }

  it('that was rewound and forked goes on to the same bits', async () => {
    const plain = await journey(false);
    const before = stats().repeated;
    expect(await journey(true)).toEqual(plain);
    expect(stats().repeated - before).toBeGreaterThan(50);
  });

  it.each<[string, (run: Run) => Promise<unknown>]>([
    ['step', (run) => run.step(40)],
    ['epoch', (run) => run.epoch(2)],
    ['until', (run) => run.until('onTrainEnd')],
    [
      'play',
      async (run) => {
        run.on({ hook: 'onTrainBatchEnd' }, () => undefined);
        run.break('onTrainEpochEnd');
        run.play();
        await run.wait();
        run.play();
        await run.wait();
      },
    ],
  ])('on its way by %s is replayed, with guarded and with clipped gradients', async (_, go) => {
    for (const clip of [{}, { gradientClipVal: 0.01 }]) {
      const went = async (replay: boolean) => {
        const run = new Trainer({ ...options, ...clip, replay }).run(new Net(), batches(24) as never);
        const before = stats().repeated;
        await go(run);
        const replayed = stats().repeated - before;
        await run.finish();
        return { weights: weightsOf(run.module), replayed };
      };
      const plain = await went(false);
      const fast = await went(true);
      expect(fast.weights).toEqual(plain.weights);
      expect(plain.replayed).toBe(0);
      expect(fast.replayed).toBeGreaterThan(25);
    }
  });

  it.each<[string, (run: Run) => unknown]>([
    ['a listener in the middle of the step', (run) => run.on({ hook: 'onAfterBackward' }, () => undefined)],
    ['a listener to everything', (run) => run.on(() => undefined)],
    ['a breakpoint there', (run) => run.break('onBeforeOptimizerStep', () => false)],
    [
      'a watch',
      (run) =>
        run.watch(
          'loss',
          ({ position }) => position.globalStep,
          () => false,
        ),
    ],
  ])('is recorded with %s', async (_, look) => {
    const run = new Trainer(options).run(new Net(), batches(24) as never);
    const before = stats().repeated;
    look(run);
    run.play();
    await run.wait();
    expect(stats().repeated).toBe(before);
    expect(run.status).toBe('completed');
  });

  it('is recorded when it goes from hook to hook, and can be changed at each', async () => {
    const run = new Trainer(options).run(new Net(), batches(24) as never);
    await run.step(12);
    const before = stats().repeated;
    for (let i = 0; i < 60; i++) await run.next();
    expect(stats().repeated).toBe(before);
  });

  it('that is paused or listened to from outside is never found in the middle of a replayed step', async () => {
    const run = new Trainer({ ...options, maxEpochs: 500 }).run(new Net(), batches(24) as never);
    await run.step(12);
    let atStart = 0;
    run.on({ hook: 'onTrainBatchStart' }, () => (atStart = stats().repeated));
    for (let i = 0; i < 40; i++) {
      run.play();
      const turns = Math.floor(i * 0.9) + 1;
      for (let k = 0; k < turns; k++) await new Promise(setImmediate);
      const { hook } = await run.pause();
      // In the middle of a step that was recorded, perhaps.
      if (/Backward|ZeroGrad|OptimizerStep/.test(hook)) expect(stats().repeated).toBe(atStart);
    }
    await run.stop();
  });

  it('stands before an update with gradients that are not finite, as if nothing had been replayed', async () => {
    const pausedAt = async (replay: boolean) => {
      const broken = batches(24).slice();
      const [x, y] = broken[17] as [tf.Tensor, tf.Tensor];
      broken[17] = [tf.mul(x, Infinity), y];
      const run = new Trainer({ ...options, replay, gradientClipVal: 1 }).run(new Net(), broken as never);
      const before = stats().repeated;
      run.play();
      await run.wait();
      const { position, status } = run;
      const gradients = run.module.parameters().map(({ grad }) => grad && [...grad.dataSync()]);
      return {
        replayed: stats().repeated - before,
        seen: { position, status, weights: weightsOf(run.module), gradients },
      };
    };
    const [plain, fast] = [await pausedAt(false), await pausedAt(true)];
    expect(fast.seen).toEqual(plain.seen);
    expect(fast.seen).toMatchObject({ status: 'paused', position: { hook: 'onBeforeOptimizerStep', batchIdx: 17 } });
    expect(fast.replayed).toBeGreaterThan(10);
  });
});
