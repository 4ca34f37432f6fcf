import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it, vi } from 'vitest';
import { Callback, LambdaCallback, type Run } from 'strobe';
import { start, weights, finished, uninterrupted } from './support.js';

describe('a run', () => {
  it('says how it ended when it is stopped afterwards', async () => {
    const { run } = start();
    await run.finish();
    expect(await run.stop()).toMatchObject({ outcome: 'completed', reason: 'maxEpochs=3 reached' });
    const failing = start().run;
    failing.trainer.callbacks.add(new LambdaCallback({ onTrainStart: () => Promise.reject(new Error('no')) }));
    await expect(failing.finish()).rejects.toThrow('no');
    expect(await failing.stop()).toMatchObject({ outcome: 'failed', reason: 'no' });
  });

  it('stands before its first hook, and goes from hook to hook', async () => {
    const { run } = start();
    expect(run.status).toBe('paused');
    expect(run.position).toMatchObject({ stage: 'fit', epoch: 0, globalStep: 0 });
    expect((await run.next())?.hook).toBe('setup');
    expect((await run.next())?.hook).toBe('onFitStart');
    expect(JSON.parse(JSON.stringify(run.position))).toEqual(run.position);
  });

  it('steps to the end of a batch, its loss and outputs in hand', async () => {
    const { run } = start();
    const event = await run.step(2);
    expect(event).toMatchObject({ hook: 'onTrainBatchEnd', batchIdx: 1 });
    expect(event?.loss.dataSync()[0]).toBeGreaterThan(0);
    expect(run.position.globalStep).toBe(2);
    expect((await run.epoch())?.position).toMatchObject({ hook: 'onTrainEpochEnd', epoch: 0, globalStep: 3 });
  });

  it('comes to a hook for which a predicate holds', async () => {
    const { run } = start();
    const event = await run.until(
      'onTrainBatchStart',
      ({ position, batchIdx }) => position.epoch === 1 && batchIdx === 2,
    );
    expect(event?.position).toMatchObject({ epoch: 1, batchIdx: 2, globalStep: 5 });
    expect(await run.until('onTestStart')).toBeUndefined();
    expect(run.status).toBe('completed');
  });

  it('does not go looking for a hook that there is not', async () => {
    const { run } = start();
    const typo = 'onTrainBatchStop' as 'onTrainBatchEnd';
    await expect(run.until(typo)).rejects.toThrow(/onTrainBatchEnd[^]*received: "onTrainBatchStop"/);
    expect(() => run.break(typo)).toThrow(/a hook that there is not/);
    expect(() => run.on({ hook: typo }, () => {})).toThrow(/run.on: wrong value for hook/);
    expect(run.status).toBe('paused');
    expect(run.breakpoints).toHaveLength(1);
  });

  it('ends like a fit, however it got there; leaving a loop only pauses it', async () => {
    const { run } = start();
    for await (const event of run) if (event.hook === 'onValidationStart') break;
    expect(run.status).toBe('paused');
    for await (const _event of run);
    expect(run.status).toBe('completed');
    expect(weights(run)).toEqual(uninterrupted);
  });

  it('shows gradients by name between backward and update, and takes a replaced one', async () => {
    const { run } = start();
    const event = await run.until('onAfterBackward');
    expect(Object.keys(event?.gradients ?? {})).toEqual([
      'net.dense_1.kernel',
      'net.dense_1.bias',
      'net.dense_2.kernel',
      'net.dense_2.bias',
    ]);
    const [kernel] = run.module.parameters();
    const before = kernel?.variable.dataSync().slice();
    for (const parameter of run.module.parameters()) parameter.grad = tf.zeros(parameter.shape);
    await run.until('onTrainBatchEnd');
    expect(kernel?.variable.dataSync()).toEqual(before);
  });

  it('takes another batch, and another scale of the loss', async () => {
    const [run, other] = [start().run, start().run];
    await run.until('onTrainBatchStart');
    const mine = [tf.zeros([2, 4]), tf.zeros([2, 1])];
    run.batch = mine;
    const event = await run.until('onTrainBatchEnd');
    expect(event?.batch).toBe(mine);
    await other.until('onTrainBatchStart');
    other.batch = mine;
    await other.until('onBeforeBackward');
    other.lossScale = 0;
    const stopped = weights(other);
    await other.until('onTrainBatchEnd');
    expect(weights(other)).toEqual(stopped);
  });

  it('saves between forward and backward what the forward pass saw, though weights and batch were changed since', async () => {
    const path = join(tmpdir(), `strobe-run-test-${process.pid}.ckpt`);
    const { run } = start();
    await run.until('onTrainBatchStart', ({ position }) => position.globalStep === 2);
    run.batch = [tf.ones([3, 4]), tf.ones([3, 1])];
    await run.until('onBeforeBackward');
    for (const parameter of run.module.parameters()) parameter.assign(tf.mul(parameter.variable, 1.5));
    await run.save(path);
    const bits = await finished(run);
    const { run: again } = start({ ckptPath: path });
    expect(await finished(again)).toEqual(bits);
    await rm(path);
  });

  it('refuses what makes no sense, and says what to do', async () => {
    const { run } = start();
    await expect(run.step(0)).rejects.toThrow('whole steps');
    const stepping = run.step(2);
    await expect(run.next()).rejects.toThrow('The run is under way');
    await stepping;
    await run.stop('seen enough');
    expect(run.status).toBe('stopped');
    await expect(run.rewind(1)).rejects.toThrow('This run is over');
  });

  it('stays paused and whole when a callback throws, and goes on once that is mended', async () => {
    const { run, counter } = start();
    await run.step();
    const thrower = new (class Thrower extends Callback {
      broken = true;
      override onTrainBatchStart(): void {
        if (this.broken) throw new RangeError('thrown');
      }
    })();
    run.callbacks.add(thrower);
    await expect(run.step()).rejects.toThrow('thrown');
    expect(run.status).toBe('paused');
    expect(run.position).toMatchObject({ hook: 'onTrainBatchStart', batchIdx: 1 });
    await expect(run.next()).rejects.toThrow('thrown');
    thrower.broken = false;
    await run.step();
    expect(counter.batches).toBe(1);
    run.callbacks.remove(thrower);
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('calls nobody twice in the hook that threw', async () => {
    const calls: string[] = [];
    const noted = (name: string, fails = false) =>
      new (class Noted extends Callback {
        override get stateKey() {
          return name;
        }
        override onTrainBatchStart(): void {
          calls.push(name);
          if (fails) throw new RangeError('thrown');
        }
      })();
    const { run } = start();
    const second = noted('second', true);
    for (const callback of [noted('first'), second, noted('third')]) run.callbacks.add(callback);
    await expect(run.step()).rejects.toThrow('thrown');
    run.callbacks.remove(second);
    await run.until('onBeforeBackward');
    expect(calls).toEqual(['first', 'second', 'third']);
  });

  it('ends as failed when finish() meets an error, and says so from then on', async () => {
    const { run } = start();
    run.callbacks.add(
      new (class Thrower extends Callback {
        override onTrainBatchEnd(): void {
          throw new RangeError('thrown');
        }
      })(),
    );
    await expect(run.finish()).rejects.toThrow('thrown');
    expect(run.status).toBe('failed');
    await expect(run.next()).rejects.toThrow('This run has failed');
  });

  it('is paused by a listener or a condition that throws', async () => {
    const { run } = start();
    const off = run.on({ hook: 'onAfterBackward' }, () => {
      throw new RangeError('heard');
    });
    await expect(run.finish()).rejects.toThrow('heard');
    expect(run.position.hook).toBe('onAfterBackward');
    off();
    run.break('onTrainBatchEnd', () => {
      throw new RangeError('condition');
    });
    run.play();
    await vi.waitFor(() => expect(run.status).toBe('paused'));
    await expect(run.pause()).rejects.toThrow('condition');
    run.breakpoints[0]?.remove();
    run.breakpoints.forEach((each) => each.remove());
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('fails for good when a step throws, unless it is to be looked into', async () => {
    const broken = (run: Run) => {
      const { module } = run;
      const step = module.trainingStep?.bind(module);
      module.trainingStep = () => {
        throw new RangeError('step');
      };
      return () => (module.trainingStep = step as never);
    };
    const { run } = start();
    broken(run);
    await expect(run.step()).rejects.toThrow('step');
    expect(run.status).toBe('failed');

    const { run: open } = start({ postMortem: true });
    await open.step(2);
    const before = tf.memory().numTensors;
    const mend = broken(open);
    await expect(open.step()).rejects.toThrow('step');
    await expect(open.step()).rejects.toThrow('step');
    expect(open.status).toBe('paused');
    expect(tf.memory().numTensors - before).toBeLessThan(30);
    mend();
    expect(await finished(open)).toEqual(uninterrupted);
  });

  it('a backward pass that threw is done again, not left out', async () => {
    const { run } = start({ postMortem: true });
    await run.until('onBeforeBackward');
    const kernel = vi.spyOn(tf.backend(), 'write').mockImplementationOnce(() => {
      throw new RangeError('no memory');
    });
    await expect(run.step()).rejects.toThrow('no memory');
    kernel.mockRestore();
    expect(run.position.path).toMatch(/backward$/);
    expect(await finished(run)).toEqual(uninterrupted);
  });
});
