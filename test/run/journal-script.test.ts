import * as tf from '@tensorflow/tfjs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { Run } from 'strobe';
import { finished, start, uninterrupted } from './support.js';

/** Runs a script as a module that has `run` and `tf` would. */
async function execute(script: string, run: Run): Promise<void> {
  const { outputText } = ts.transpileModule(script, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>;
  await new AsyncFunction('run', 'tf', outputText)(run, tf);
}

describe('a journal as a script', () => {
  it('does the same to a fresh run, bit for bit', async () => {
    const { run, counter } = start();
    await run.step(2);
    run.trainer.optimizers.forEach((optimizer) => (optimizer.lr = 0.01));
    counter.batches = 40;
    await run.until('onTrainBatchStart');
    run.batch = [tf.ones([4, 4]), tf.zeros([4, 1])];
    await run.until('onAfterBackward');
    const [kernel, bias] = run.module.parameters();
    if (kernel) kernel.grad = tf.fill(kernel.shape, 0.5);
    await run.until('onBeforeOptimizerStep');
    run.trainer.limits.gradientClipVal = 0.1;
    await run.step();
    if (bias) bias.requiresGrad = false;
    if (kernel) kernel.assign(tf.fill(kernel.shape, 0.25));
    run.module.hparams['note'] = { kept: [1, -Infinity] };
    await run.step();
    Object.assign(counter, { seen: new Map([[1, 'one']]), marks: new Float32Array([0.5, NaN]) });
    await run.step();
    run.callbacks.remove(counter);
    const script = run.toScript();
    const bits = await finished(run);
    expect(bits).not.toEqual(uninterrupted);

    const again = start();
    await execute(script, again.run);
    expect(again.counter).toMatchObject({ seen: new Map([[1, 'one']]), marks: new Float32Array([0.5, NaN]) });
    expect(again.run.module.hparams['note']).toEqual({ kept: [1, -Infinity] });
    expect(await finished(again.run)).toEqual(bits);
    expect(again.counter.batches).toBe(counter.batches);
  });

  it('says what it cannot make: a callback that was added', async () => {
    const { run, counter } = start();
    await run.step(1);
    run.callbacks.remove(counter);
    await run.step(1);
    run.callbacks.add(counter);
    expect(run.toScript()).toContain('// Here Counter was added: run.callbacks.add(...);');
  });
});
