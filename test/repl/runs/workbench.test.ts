import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelCheckpoint } from 'strobe';
import { expect, it } from 'vitest';
import { bench } from '../support.js';

it('goes to the n-th call of a hook', async () => {
  const { workbench } = bench();
  const arrival = await workbench.goTo({ hook: 'onTrainBatchEnd', count: 3 });
  expect(arrival).toMatchObject({ reached: true, stoppedBy: [], event: { hook: 'onTrainBatchEnd' } });
  expect(workbench.run.position).toMatchObject({ epoch: 0, batchIdx: 2, globalStep: 3 });
});

it('is stopped on the way by a breakpoint, and says by which', async () => {
  const { workbench } = bench();
  workbench.run.break('onTrainBatchEnd', ({ position }) => position.globalStep === 2);
  const arrival = await workbench.goTo({ hook: 'onTrainEpochEnd' });
  expect(arrival).toMatchObject({ reached: false, stoppedBy: ['2: onTrainBatchEnd'] });
  expect(workbench.run.position.globalStep).toBe(2);
});

it('pauses a run that plays for a change, so that the journal has it, and plays on', async () => {
  const { workbench } = bench();
  let arrived = (): void => undefined;
  const end = new Promise<void>((resolve) => (arrived = resolve));
  await workbench.play(arrived);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await workbench.amend(() => (workbench.run.trainer.optimizers[0]!.lr = 0.05));
  await end;
  expect(workbench.run.status).toBe('completed');
  expect(workbench.run.journal.map(({ path, to }) => [path.at(-1), to])).toContainEqual(['lr', 0.05]);
});

it('leaves the run paused when the step throws, to be mended and gone on with', async () => {
  const { workbench, model } = bench();
  model.failsAt = 4;
  await expect(workbench.goTo({ hook: 'onTrainEpochEnd' })).rejects.toThrow('the step broke');
  expect(workbench.run.status).toBe('paused');
  model.failsAt = -1;
  await workbench.goTo({ hook: 'onTrainEpochEnd' });
  expect(workbench.run.position).toMatchObject({ hook: 'onTrainEpochEnd', globalStep: 10 });
});

it('draws the loss of each step, and takes it back when the run goes back', async () => {
  const { workbench } = bench();
  await workbench.goTo({ hook: 'onTrainEpochEnd' });
  const curve = () => workbench.view(undefined, { callbacks: true, parameters: false }).curves[0];
  expect(curve()?.x).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(curve()?.y[1]).toBeCloseTo(0.8 ** 2, 5);
  await workbench.rewind(6);
  expect(curve()?.x).toEqual([1, 2, 3, 4]);
});

it('draws the loss once, though it is logged under a name of its own', async () => {
  const { workbench } = bench();
  await workbench.goTo({ hook: 'onTrainEpochEnd', count: 2 });
  const { curves } = workbench.view(undefined, { callbacks: false, parameters: false });
  expect(curves.map(({ name }) => name)).toEqual(['loss', 'val_loss']);
});

it('counts what was saved, by whom so ever, and what was gone back to', async () => {
  const { workbench } = bench();
  const folder = await mkdtemp(join(tmpdir(), 'strobe-saved-'));
  await workbench.goTo({ hook: 'onTrainBatchEnd', count: 5 });
  await workbench.save(workbench.run, join(folder, 'a.ckpt'));
  expect(workbench.unsaved).toEqual([]);
  await workbench.rewind(3);
  await workbench.goTo({ hook: 'onTrainBatchEnd', count: 2 });
  expect(workbench.unsaved).toEqual([workbench.run]);
  workbench.run.callbacks.add(new ModelCheckpoint({ dirpath: folder, everyNTrainSteps: 1 }));
  await workbench.goTo({ hook: 'onTrainBatchStart', count: 2 });
  expect(workbench.unsaved).toEqual([]);
  await rm(folder, { recursive: true });
});

it('forks a run with its past, and takes either to hand', async () => {
  const { workbench } = bench();
  await workbench.goTo({ hook: 'onTrainBatchEnd', count: 4 });
  const fork = await workbench.fork('colder');
  expect(workbench.runs.map(({ name }) => name)).toEqual(['run', 'colder']);
  await workbench.switchTo(1);
  expect(workbench.run).toBe(fork);
  await workbench.goTo({ hook: 'onTrainBatchEnd' });
  const { curves } = workbench.view(undefined, { callbacks: false, parameters: false });
  expect(curves[0]?.x).toEqual([1, 2, 3, 4, 5]);
  await workbench.switchTo(0);
  expect(workbench.run.position.globalStep).toBe(4);
});

it('knows which runs no file holds', async () => {
  const { workbench } = bench();
  expect(workbench.unsaved).toEqual([]);
  await workbench.goTo({ hook: 'onTrainBatchEnd' });
  expect(workbench.unsaved).toEqual([workbench.run]);
});
