import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Callback, useBackend, type EngineChoice, type Run } from 'strobe';
import type { OnnxBackend } from '../../src/backend/onnx/index.js';
import { finished, start, uninterrupted, until, weights } from './support.js';

/** Stands before the third update with a gradient that is not finite; the weights are what they were. */
async function poisoned(run: Run, value = Infinity): Promise<number[][]> {
  await run.step(2);
  await run.until('onAfterBackward');
  const [kernel] = run.module.parameters();
  if (kernel) kernel.grad = tf.fill(kernel.shape, value);
  return weights(run);
}

describe('the guard', () => {
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

  it.each([
    ['step', (run: Run) => run.step(3)],
    ['epoch', (run: Run) => run.epoch()],
    ['until', (run: Run) => run.until('onTrainEpochEnd')],
  ])('pauses %s, which then has no event to give', async (_, goOn) => {
    const { run } = start();
    const before = await poisoned(run, NaN);
    expect(await goOn(run)).toBeUndefined();
    expect(run.status).toBe('paused');
    expect(run.position).toMatchObject({ hook: 'onBeforeOptimizerStep', globalStep: 2 });
    expect(run.breakpoints[0]).toMatchObject({ hits: 1, description: 'gradients that are NaN or infinite' });
    expect(weights(run)).toEqual(before);
  });

  it('lets pass what was mended, and calls no hook twice', async () => {
    class Updates extends Callback {
      count = 0;
      override onBeforeOptimizerStep(): void {
        this.count += 1;
      }
    }
    const { run } = start();
    const updates = run.callbacks.add(new Updates());
    await poisoned(run);
    await run.step();
    expect(updates.count).toBe(3);
    for (const parameter of run.module.parameters()) parameter.grad = tf.zeros(parameter.shape);
    expect(await run.step()).toMatchObject({ hook: 'onTrainBatchEnd', batchIdx: 2 });
    expect(updates.count).toBe(3);
    expect(weights(run).flat().every(Number.isFinite)).toBe(true);
  });

  it('has told once: going on without a change applies them', async () => {
    const { run } = start();
    await poisoned(run);
    await run.step();
    await run.step();
    expect(run.position.globalStep).toBe(3);
    expect(weights(run).flat().some(Number.isNaN)).toBe(true);
  });

  it('shows the gradients as they were before clipping', async () => {
    const { run } = start();
    run.trainer.limits.gradientClipVal = 0.1;
    await poisoned(run);
    await run.step();
    const [kernel, bias] = run.module.parameters();
    expect(Array.from(kernel?.grad?.dataSync() ?? [])).toContain(Infinity);
    expect(Array.from(bias?.grad?.dataSync() ?? []).every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['switched off', (run: Run) => run.breakpoints.forEach((each) => (each.enabled = false))],
    ['taken out', (run: Run) => run.breakpoints.forEach((each) => each.remove())],
  ])('does nothing when it is %s', async (_, disarm) => {
    const { run } = start();
    await poisoned(run);
    disarm(run);
    expect(await run.step()).toMatchObject({ hook: 'onTrainBatchEnd' });
  });

  it('changes no bits', async () => {
    const { run } = start();
    run.play();
    await until(() => run.status === 'completed');
    expect(weights(run)).toEqual(uninterrupted);
  });

  it('leaves a step one native call', async () => {
    await useBackend('onnx' satisfies EngineChoice);
    const { run } = start();
    run.trainer.useEngine('onnx');
    const { recorder } = tf.backend() as unknown as OnnxBackend;
    await run.step(3);
    recorder.smallWork.mode = 'native';
    const before = recorder.stats.runs;
    await run.step(3);
    // Three steps; a validation of two batches between, and its averages.
    expect(recorder.stats.runs - before).toBeLessThanOrEqual(3 + 2 * 2 + 1);
    await run.finish();
    await useBackend('cpu');
  });
});
