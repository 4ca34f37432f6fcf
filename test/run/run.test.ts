import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  Adam,
  Callback,
  DataLoader,
  Module,
  TensorDataset,
  Trainer,
  type EventOf,
  type Run,
  type RunEvent,
} from 'strobe';

class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 6,
        inputShape: [4],
        activation: 'tanh',
        kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      }),
      tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }) }),
    ],
  });
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    const loss = tf.losses.meanSquaredError(
      y,
      this.net.apply(x, { training: this.training }) as tf.Tensor,
    ) as tf.Scalar;
    this.log('loss', loss);
    return loss;
  }
  override validationStep([x, y]: [tf.Tensor, tf.Tensor]): void {
    this.log('val_loss', tf.losses.meanSquaredError(y, this.net.apply(x) as tf.Tensor));
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters(), { lr: 0.05 });
  }
}

class Counter extends Callback {
  batches = 0;
  override onTrainBatchEnd(): void {
    this.batches += 1;
  }
}

const x = tf.randomNormal([12, 4], 0, 1, 'float32', 3);
const y = tf.randomNormal([12, 1], 0, 1, 'float32', 4);
const quiet = {
  backend: 'cpu',
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
} as const;

function start(options = {}): { run: Run; counter: Counter } {
  const counter = new Counter();
  const trainer = new Trainer({ ...quiet, maxEpochs: 3, seed: 9, callbacks: [counter] });
  const data = {
    train: new DataLoader(new TensorDataset(x, y), { batchSize: 4, shuffle: true }),
    val: new DataLoader(new TensorDataset(x, y), { batchSize: 6 }),
  };
  return { run: trainer.run(new Net(), data, options), counter };
}

function weights(run: Run): number[][] {
  const state = run.module.stateDict();
  const values = Object.values(state).map((tensor) => Array.from(tensor.dataSync()));
  tf.dispose(state);
  return values;
}

async function finished(run: Run): Promise<number[][]> {
  await run.finish();
  return weights(run);
}

const uninterrupted = await finished(start().run);

describe('a run', () => {
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
});

describe('going back', () => {
  it('replays the same bits, callbacks included, from any step', async () => {
    for (const back of [1, 2, 5]) {
      const { run, counter } = start();
      await run.step(7);
      const there = weights(run);
      await run.rewind(back);
      expect(run.position).toMatchObject({ hook: 'onTrainBatchStart', globalStep: 7 - back });
      expect(counter.batches).toBe(7 - back);
      await run.step(back);
      expect(weights(run)).toEqual(there);
      expect(await finished(run)).toEqual(uninterrupted);
    }
  });

  it("finds a step or an epoch's beginning, and reaches what was thinned out by going forward", async () => {
    const { run } = start({ history: { limitBytes: 1500 } });
    await run.step(8);
    expect(run.history.bytes).toBeLessThanOrEqual(1500);
    const { from } = run.history;
    expect((await run.rewind({ step: Math.max(from, 5) })).globalStep).toBe(Math.max(from, 5));
    expect(await finished(run)).toEqual(uninterrupted);
    const whole = start().run;
    await whole.step(8);
    expect(await whole.rewind({ epoch: 1 })).toMatchObject({ epoch: 1, batchIdx: 0, globalStep: 3 });
    expect(await finished(whole)).toEqual(uninterrupted);
  });

  it('says what is kept when the history does not reach', async () => {
    const { run } = start({ history: { limitBytes: 0 } });
    await run.step(3);
    await expect(run.rewind(2)).rejects.toThrow(/remembers: nothing[^]*limitBytes/);
  });

  it('returns to a snapshot taken at any hook, between forward and backward too', async () => {
    const { run } = start();
    await run.until('onBeforeBackward', ({ position }) => position.globalStep === 4);
    const snapshot = run.snapshot();
    await run.step(3);
    await run.restore(snapshot);
    expect(run.position).toMatchObject({ hook: 'onBeforeBackward', globalStep: 4 });
    expect(await finished(run)).toEqual(uninterrupted);
    snapshot.dispose();
  });
});

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
});

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

  it('pauses before an update with gradients that are not finite, everything intact', async () => {
    const { run } = start();
    await run.step(2);
    const before = weights(run);
    await run.until('onAfterBackward');
    const [kernel] = run.module.parameters();
    if (kernel) kernel.grad = tf.fill(kernel.shape, Infinity);
    run.play();
    await until(() => run.status === 'paused');
    expect(run.position).toMatchObject({ hook: 'onBeforeOptimizerStep', globalStep: 2 });
    expect(weights(run)).toEqual(before);
    await run.rewind(0);
    expect(await finished(run)).toEqual(uninterrupted);
  });

  it('tells listeners what they asked for', async () => {
    const { run } = start();
    const steps: number[] = [];
    const off = run.on({ hook: 'onTrainBatchEnd', every: 2 }, (event) => steps.push(event.position.globalStep));
    await run.step(5);
    off();
    await run.finish();
    expect(steps).toEqual([2, 4]);
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
});

it('events are told apart by their hook', () => {
  expectTypeOf<EventOf<'onTrainBatchEnd'>['loss']>().toEqualTypeOf<tf.Scalar>();
  expectTypeOf<EventOf<'onAfterBackward'>['gradients']>().toEqualTypeOf<Record<string, tf.Tensor>>();
  expectTypeOf<Extract<RunEvent, { hook: 'onTrainBatchStart' }>['batchIdx']>().toEqualTypeOf<number>();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('the journal', () => {
  it('knows what was changed while the run was paused, and does it again to a fresh run, bit for bit', async () => {
    const { run, counter } = start();
    await run.step(2);
    run.trainer.optimizers.forEach((optimizer) => (optimizer.lr = 0.01));
    counter.batches = 40;
    await run.until('onAfterBackward');
    const [kernel] = run.module.parameters();
    if (kernel) kernel.grad = tf.zeros(kernel.shape);
    await run.next();
    run.trainer.limits.gradientClipVal = 0.1;
    await run.step();
    const changed = run.journal.map(({ path, position }) => [path.join('.'), position.hook, position.globalStep]);
    expect(changed).toEqual([
      ['optimizers.0.paramGroups.0.lr', 'onTrainBatchEnd', 2],
      ['callbacks.Counter.batches', 'onTrainBatchEnd', 2],
      ['parameters.net.dense_1.kernel.grad', 'onAfterBackward', 2],
      ['limits.gradientClipVal', 'onBeforeOptimizerStep', 2],
    ]);
    expect(run.journal[0]).toMatchObject({ from: 0.05, to: 0.01 });
    const journal = JSON.parse(JSON.stringify(run.journal)) as typeof run.journal;
    const bits = await finished(run);
    expect(bits).not.toEqual(uninterrupted);

    const again = start();
    await again.run.replay(journal);
    expect(await finished(again.run)).toEqual(bits);
    expect(again.counter.batches).toBe(counter.batches);
  });

  it('can be read as a table, and as a script', async () => {
    const { run } = start();
    await run.step(1);
    run.trainer.optimizers.forEach((optimizer) => (optimizer.lr = 0.01));
    expect(run.journalTable()).toMatch(
      /epoch {2}batch {2}step {2}hook +changed +from +to\n0 +0 +1 +onTrainBatchEnd +optimizers\.0\.paramGroups\.0\.lr +0\.05 +0\.01/,
    );
    expect(run.toScript()).toMatch(
      /await run\.until\('onTrainBatchEnd', [^]+\);\nrun\.trainer\.optimizers\[0\]!\.paramGroups\[0\]!\.lr = 0\.01;/,
    );
  });

  it('says so when a run never comes to the place of a change', async () => {
    const { run } = start();
    await run.step(3);
    run.trainer.optimizers.forEach((optimizer) => (optimizer.lr = 0.01));
    const { journal } = run;
    const short = start();
    short.run.trainer.limits.maxSteps = 1;
    await expect(short.run.replay(journal)).rejects.toThrow('did not come to');
  });
});
