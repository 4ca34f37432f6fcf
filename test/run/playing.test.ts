import type * as tf from '@tensorflow/tfjs';
import { Trainer } from 'strobe';
import { describe, expect, it } from 'vitest';
import { start, weights, finished, uninterrupted, until, Net, quiet, x, y } from './support.js';

describe('playing', () => {
  it('goes on in the background, lets timers have their turn, and pauses when told', async () => {
    const { run } = start();
    run.play();
    expect(run.status).toBe('running');
    const position = await run.pause();
    expect(run.status).toBe('paused');
    expect(run.position).toEqual(position);
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('pauses at breakpoints and watches, counting their hits', async () => {
    const { run } = start();
    const third = run.break('onTrainBatchEnd', ({ position }) => position.globalStep >= 3);
    run.play();
    await until(() => run.status === 'paused');
    expect(run.position).toMatchObject({ hook: 'onTrainBatchEnd', globalStep: 3 });
    expect(third.hits).toBe(1);
    third.remove();
    const watch = run.watch(
      'step',
      (event) => event.position.globalStep,
      (now, before) => now >= 6 && before < 6,
    );
    run.play();
    await until(() => run.status === 'paused');
    expect(run.position.globalStep).toBe(6);
    expect(run.breakpoints.map(({ id, hits }) => [id, hits])).toEqual([
      [1, 0],
      [watch.id, 1],
    ]);
    watch.enabled = false;
    run.play();
    await until(() => run.status === 'completed');
    expect(weights(run)).toEqual(uninterrupted);
  });

  it('takes turns with other runs, each with its own weights', async () => {
    const first = start();
    const second = start();
    const fork = await first.run.fork();
    const runs = [first.run, second.run, fork];
    for (const run of runs) run.play();
    await until(() => runs.every(({ status }) => status === 'completed'));
    for (const run of runs) expect(weights(run)).toEqual(uninterrupted);
    expect(first.counter.batches).toBe(9);
  });

  it('is interrupted by its own signal, with its end hooks, and leaves other runs alone', async () => {
    const abort = new AbortController();
    const { run } = start({ signal: abort.signal });
    const other = start().run;
    await run.step(2);
    run.play();
    other.play();
    abort.abort('enough');
    await until(() => run.status !== 'running' && other.status !== 'running');
    expect(run.status).toBe('interrupted');
    expect(other.status).toBe('completed');
    expect(await run.finish()).toMatchObject({ outcome: 'interrupted', reason: 'enough' });
  });

  it('validates without moving', async () => {
    const { run } = start();
    await run.step(2);
    const before = run.position;
    const [metrics] = await run.validate();
    expect(metrics?.['val_loss']).toBeGreaterThan(0);
    expect(run.position).toEqual(before);
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('validates with a loader that is an array of batches', async () => {
    const batches: [tf.Tensor, tf.Tensor][] = [[x, y]];
    const run = new Trainer({ ...quiet, maxEpochs: 1 }).run(new Net(), { train: batches, val: batches });
    const [metrics] = await run.validate();
    expect(metrics?.['val_loss']).toBeGreaterThan(0);
  });
});
