import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { experiment, plainSession } from '../support.js';

type Plain = Awaited<ReturnType<typeof plainSession>>;
let plain: Plain;
let does: Plain['does'];
beforeEach(async () => {
  plain = await plainSession();
  ({ does } = plain);
});
afterEach(() => plain.session.close());

describe('going', () => {
  it('n trains a batch, or several', async () => {
    expect(await does('n')).toBe('onTrainBatchEnd  epoch 0  batch 0  step 1  loss 1');
    expect(await does('next 3')).toMatch(/batch 3 {2}step 4/);
    await expect(does('n many')).rejects.toThrow('a whole number from 1 up');
  });

  it('s goes to the next hook, or several on', async () => {
    expect(await does('s')).toMatch(/^setup/);
    await does('n');
    expect(await does('s 2')).toMatch(/^onBeforeZeroGrad|^onBefore|^on/);
    expect(plain.bench.run.position.batchIdx).toBe(1);
  });

  it('e goes to the end of the epoch, validation included', async () => {
    expect(await does('e')).toMatch(/onTrainEpochEnd {2}epoch 0 .* step 10/);
    expect(plain.trainer.callbackMetrics['val_loss']).toBeGreaterThan(0);
  });

  it('until goes to a hook, or to the first for which something holds', async () => {
    expect(await does('until onValidationEnd')).toMatch(/^onValidationEnd {2}epoch 0/);
    expect(await does('until onTrainBatchEnd if globalStep === 17')).toMatch(/epoch 1 {2}batch 6 {2}step 17/);
    await expect(does('until onTrainBatchEn')).rejects.toThrow('did you mean onTrainBatchEnd?');
    await expect(does('until onTrainBatchEnd when x')).rejects.toThrow('HOOK if EXPRESSION');
    await expect(does('until onTrainBatchEnd if loss >')).rejects.toThrow('cannot be read');
  });

  it('c goes on to the end, play too; then there is nowhere to go', async () => {
    expect(await does('c')).toMatch(
      /^completed after 4 epochs, 40 steps: maxEpochs=4 reached\ntrain_loss .* val_loss /,
    );
    expect(plain.bench.run.position.globalStep).toBe(40);
    expect(await does('play')).toContain('completed after');
    expect(await does('n')).toContain('completed after');
  });

  it('stop ends the run here, with its end hooks', async () => {
    await does('n 2');
    expect(await does('stop')).toBe('stopped after 0 epochs, 2 steps: stopped in the terminal\ntrain_loss 0.64');
    expect(plain.bench.run.status).toBe('stopped');
    expect(await does('s')).toContain('the run is stopped');
  });
});

describe('stopping at', () => {
  it('b pauses at a hook, always or when something holds', async () => {
    expect(await does('b onTrainBatchEnd if step === 7')).toBe('breakpoint 2: onTrainBatchEnd if step === 7');
    expect(await does('c')).toMatch(/stopped by 2: onTrainBatchEnd if step === 7\n.*step 7/);
    expect(await does('b')).toMatch(/2 {2}onTrainBatchEnd if step === 7 +1/);
  });

  it('watch pauses when a value crosses a line', async () => {
    await does('watch loss < 0.5');
    expect(await does('c')).toMatch(/stopped by 2: watch loss < 0.5\n.*loss 0\.\d+/);
    expect(plain.bench.run.position.globalStep).toBe(2);
    await does('watch gradNorm > 0');
    expect(await does('c')).toContain('stopped by 3: watch gradNorm > 0');
    await expect(does('watch loss')).rejects.toThrow('EXPRESSION > NUMBER');
  });

  it('watch waits for a metric that nothing has logged yet, and says so once', async () => {
    await does('watch val_loss < 0.5');
    expect(await does('c')).toMatch(
      /^val_loss is not defined yet: passed over until it is\nstopped by 2: watch val_loss < 0\.5\n.*epoch 0/,
    );
  });

  it('toggle and delete keep a breakpoint from stopping', async () => {
    await does('b onTrainBatchEnd');
    expect(await does('toggle 2')).toContain('is disabled');
    expect(await does('e')).toMatch(/^onTrainEpochEnd/);
    expect(await does('toggle 2')).toContain('is enabled');
    expect(await does('c')).toContain('stopped by 2');
    expect(await does('delete 2')).toContain('is gone');
    expect(await does('c')).toContain('completed after');
    await expect(does('delete 2')).rejects.toThrow('There is no breakpoint 2');
  });

  it('says of a condition that fails what it fails with, and stays where it is', async () => {
    await does('b onTrainBatchEnd if epoch.half.way > 3');
    expect(await does('c')).toMatch(/The expression epoch\.half\.way > 3 failed[^]+TypeError: Cannot read/);
    expect(plain.bench.run.status).toBe('paused');
  });
});

describe('going back and aside', () => {
  it('rs goes back by steps, rewind to a step or an epoch', async () => {
    await does('until onTrainBatchEnd if step === 15');
    expect(await does('rs 4')).toBe('back at step 11: epoch 1, batch 1');
    expect(await does('rewind step 3')).toBe('back at step 3: epoch 0, batch 3');
    await does('n 12');
    expect(await does('rewind epoch 1')).toBe('back at step 10: epoch 1, batch 0');
    await expect(does('rewind 3')).rejects.toThrow('rewind step N or rewind epoch N');
    await expect(does('rs 300')).rejects.toThrow('cannot go back');
  });

  it('fork begins a run, switch takes it to hand, runs and compare show them', async () => {
    await does('n 2');
    expect(await does('fork colder')).toBe('2: colder begins at step 2; switch 2 takes it to hand');
    expect(await does('switch 2')).toBe('2: colder, at onTrainBatchEnd, step 2');
    await does('lr 0.01');
    await does('n');
    expect(await does('runs')).toMatch(/1 +run +paused +0 +2\n +2\* +colder +paused +0 +3/);
    expect(await does('compare')).toMatch(/lr +0\.1 +0\.01/);
    await expect(does('switch 3')).rejects.toThrow('1 (run), 2 (colder)');
  });
});

describe('changing', () => {
  it('lr sets the learning rate, or shows it', async () => {
    expect(await does('lr')).toContain('no optimizer yet');
    await expect(does('lr 1')).rejects.toThrow('There is no optimizer yet');
    await does('n');
    expect(await does('lr 3e-4')).toBe('lr 0.1 → 0.0003');
    expect(await does('lr')).toBe('0.0003');
    await expect(does('lr -1')).rejects.toThrow('a number from 0 up');
  });

  it('set sets a field of a callback, of limits, of an optimizer, of the module', async () => {
    await does('n');
    expect(await does('set EarlyStopping.patience 9')).toBe('EarlyStopping.patience 3 → 9');
    expect(await does('set limits.maxEpochs = 2')).toBe('limits.maxEpochs 4 → 2');
    expect(await does('set optimizer.momentum 0.5')).toBe('optimizer.momentum 0 → 0.5');
    expect(await does('set module.failsAt 3')).toBe('module.failsAt -1 → 3');
    expect(await does('c')).toContain('the step broke');
    await does('set module.failsAt -1');
    expect(await does('c')).toContain('completed after');
    expect(plain.bench.run.position.globalStep).toBe(20);
  });

  it.each([
    ['EarlyStopping.patience many', 'a whole number from 0 up'],
    ['limits.maxEpochs 1.5', 'a whole number from -1 up'],
    ['limits.maxEpochs -7', 'a whole number from -1 up'],
    ['limits.maxEpochs undefined', 'a whole number from -1 up'],
    ['limits.limitTrainBatches 1.5', 'a whole number of batches, or a fraction between 0 and 1'],
    ['limits.gradientClipAlgorithm sum', 'one of norm, value'],
    ['optimizer.lr -4', 'a number of at least 0'],
    ['optimizer.weightDecay x', 'a number of at least 0'],
    ['optimizer.nesterov 1', 'true or false'],
    ['module.failsAt x', 'a number'],
    ['EarlyStopping.patient 3', 'patience'],
    ['EarlyStoping.patience 3', 'did you mean EarlyStopping?'],
    ['patience', 'OWNER.FIELD VALUE'],
  ])('set %s is refused', async (what, reason) => {
    await does('n');
    await expect(does(`set ${what}`)).rejects.toThrow(reason);
    expect(plain.bench.run.journal).toEqual([]);
  });

  it('disable, enable and remove change the callbacks', async () => {
    const names = () => plain.trainer.callbacks.map(({ constructor }) => constructor.name);
    expect(await does('disable EarlyStopping')).toBe('EarlyStopping is disabled');
    expect(names()).toEqual([]);
    expect(await does('enable EarlyStopping')).toBe('EarlyStopping is enabled');
    expect(names()).toEqual(['EarlyStopping']);
    expect(await does('remove EarlyStopping')).toBe('EarlyStopping is removed');
    expect(names()).toEqual([]);
    await expect(does('enable EarlyStopping')).rejects.toThrow('There is no callback EarlyStopping');
  });
});

describe('looking', () => {
  it('validate tells the metrics of the weights as they are, and moves nothing', async () => {
    await does('n');
    expect(await does('validate')).toBe('val_loss 0.64');
    expect(plain.bench.run.position).toMatchObject({ hook: 'onTrainBatchEnd', globalStep: 1 });
    await does('n 3');
    expect(plain.bench.run.position.globalStep).toBe(4);
  });

  it('find-lr tries learning rates, and the run knows nothing of it', async () => {
    await does('n 2');
    const weight = plain.model.w.variable.dataSync()[0];
    expect(await does('find-lr')).toMatch(/learning rate/);
    expect(plain.model.w.variable.dataSync()[0]).toBe(weight);
    expect(await does('n')).toMatch(/step 3/);
  });

  it('journal shows what was changed, logs what was printed', async () => {
    await does('n');
    expect(await does('journal')).toBe('Nothing was changed yet.');
    await does('set EarlyStopping.patience 9');
    expect(await does('journal')).toMatch(/patience +3 +9/);
    expect(await does('logs')).toContain('nothing was printed yet');
    plain.trainer.print('hello');
    expect(await does('logs')).toContain('hello');
  });
});

describe('keeping', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strobe-keep-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('ckpt saves what goes on exactly here', async () => {
    await does('n 3');
    const path = join(folder, 'with a blank.ckpt');
    expect(await does(`ckpt "${path}"`)).toBe(`saved ${path}`);
    expect(plain.bench.unsaved).toEqual([]);
    const { trainer, model, data } = experiment();
    const run = trainer.run(model, data, { ckptPath: path });
    await run.step(1);
    expect(run.position).toMatchObject({ hook: 'onTrainBatchEnd', batchIdx: 2, globalStep: 3 });
  });

  it('save-script writes what was done as TypeScript', async () => {
    await does('n 3');
    await does('lr 0.05');
    const path = join(folder, 'again.ts');
    expect(await does(`save-script ${path}`)).toBe(`wrote ${path}`);
    expect(await readFile(path, 'utf8')).toContain('0.05');
  });
});

describe('the application', () => {
  it('help shows everything, or one command; what is near an unknown one', async () => {
    expect(await does('help')).toContain('CALLBACKS');
    expect(await does('help rs')).toBe('reverse-step [COUNT] (or rs): go back so many optimizer steps; key r');
    await expect(does('help rz')).rejects.toThrow('did you mean');
    await expect(does('contine')).rejects.toThrow('did you mean continue');
  });

  it.each([
    ['n', true],
    ['y', false],
  ])('q asks when work would be lost: %s', async (answer, stays) => {
    const asked = await plainSession([answer]);
    await asked.does('n');
    expect(await asked.does('q')).toContain('Leave a run that no file holds?');
    expect(asked.context.left).toBe(!stays);
  });

  it('q asks of a run that has come to its end, too', async () => {
    await does('c');
    expect(await does('q')).toContain('Leave a run that no file holds?');
  });

  it('q saves first if told so, each run in a file of its own, and says where', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-quit-'));
    const asked = await plainSession(['s']);
    Object.assign(asked.trainer.options, { defaultRootDir: folder });
    await asked.does('n');
    await asked.does('fork run');
    expect(await asked.does('q')).toContain(
      ['run-1', 'run-2'].map((name) => `saved ${join(folder, `${name}-epoch=0-step=1.ckpt`)}`).join('\n'),
    );
    expect(asked.context.left).toBe(true);
    expect(asked.bench.unsaved).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('q leaves at once where nothing would be lost', async () => {
    expect(await does('q')).toBe('');
    expect(plain.context.left).toBe(true);
  });
});
