import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Callback, type Trainer } from 'strobe';
import { start, finished, uninterrupted } from './support.js';

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

  it('goes back with the run, and forward with a snapshot: it says how the run became what it is', async () => {
    const { run } = start();
    const rate = (lr: number) => run.trainer.optimizers.forEach((optimizer) => (optimizer.lr = lr));
    const rates = () => run.journal.map(({ to }) => to);
    await run.step(2);
    rate(0.04);
    await run.step(3);
    rate(0.03);
    const ahead = run.snapshot();
    rate(0.02);
    await run.step();
    expect(rates()).toEqual([0.04, 0.03, 0.02]);
    await run.rewind({ step: 3 });
    expect(rates()).toEqual([0.04]);
    await run.restore(ahead);
    expect(rates()).toEqual([0.04, 0.03]);
    await run.rewind({ step: 1 });
    rate(0.01);
    const { journal } = run;
    expect(rates()).toEqual([0.01]);
    const bits = await finished(run);
    const again = start().run;
    await again.replay(journal);
    expect(await finished(again)).toEqual(bits);
  });

  it('can be read as a table', async () => {
    const { run } = start();
    await run.step(1);
    run.trainer.optimizers.forEach((optimizer) => (optimizer.lr = 0.01));
    expect(run.journalTable()).toMatch(
      /epoch +batch +step +hook +changed +from +to\n─+\n +0 +0 +1 +onTrainBatchEnd +optimizers\.0\.paramGroups\.0\.lr +0\.05 +0\.01/,
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

  it('knows another batch, another scale of the loss, fields of module and scheduler, and does them again', async () => {
    const { run } = start();
    await run.until('onTrainBatchStart', ({ position }) => position.globalStep === 1);
    run.batch = [tf.ones([4, 4]), tf.zeros([4, 1])];
    await run.until('onBeforeBackward');
    run.lossScale = 3;
    await run.step();
    run.module.automaticOptimization = true; // The same as it was: no change.
    Object.assign(run.module, { temperature: 2 });
    run.trainer.seed = 77;
    expect(run.journal.map(({ path }) => path.join('.'))).toEqual([
      'step.batch',
      'step.lossScale',
      'trainer.seed',
      'module.temperature',
    ]);
    const journal = JSON.parse(JSON.stringify(run.journal)) as typeof run.journal;
    const bits = await finished(run);
    expect(bits).not.toEqual(uninterrupted);
    const again = start().run;
    await again.replay(journal);
    expect(await finished(again)).toEqual(bits);
    expect(again.module).toHaveProperty('temperature', 2);
  });

  it('knows callbacks that were added, removed and put elsewhere; those that were added have to be handed over', async () => {
    class Halver extends Callback {
      factor = 0.5;
      override onTrainBatchEnd(trainer: Trainer): void {
        trainer.optimizers.forEach((optimizer) => (optimizer.lr *= this.factor));
      }
    }
    const { run, counter } = start();
    await run.step(1);
    const halver = run.callbacks.add(new Halver());
    await run.step(1);
    run.callbacks.reverse();
    halver.factor = 0.25;
    await run.step(1);
    run.callbacks.remove(counter);
    expect(run.journal.map(({ path, from, to }) => [path.join('.'), from, to])).toEqual([
      ['callbacks.order', ['Counter'], ['Counter', 'Halver']],
      ['callbacks.order', ['Counter', 'Halver'], ['Halver', 'Counter']],
      ['callbacks.Halver.factor', 0.5, 0.25],
      ['callbacks.order', ['Halver', 'Counter'], ['Halver']],
    ]);
    const { journal } = run;
    const bits = await finished(run);
    await expect(start().run.replay(journal)).rejects.toThrow(/no Halver[^]*callbacks: \[/);
    const again = start();
    await again.run.replay(journal, { callbacks: [new Halver()] });
    expect(await finished(again.run)).toEqual(bits);
    expect(again.counter.batches).toBe(counter.batches);
  });

  it('holds plain data, whatever fields callbacks have', async () => {
    const { run, counter } = start();
    await run.step(1);
    Object.assign(counter, { list: [1], map: new Map([[1, 2]]), run, f: () => 1 });
    await run.step(1);
    Object.assign(counter, { list: [1, NaN], map: new Map([[1, 3]]) });
    expect(run.journal.map(({ path, to }) => [path.at(-1), to])).toEqual([
      ['list', [1]],
      ['map', new Map([[1, 2]])],
      ['list', [1, NaN]],
      ['map', new Map([[1, 3]])],
    ]);
  });
});
