import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Callback, Trainer } from 'strobe';
import combined from '../../examples/callbacks/combined.js';
import conditional from '../../examples/callbacks/conditional.js';
import customCheckpoint from '../../examples/callbacks/custom-checkpoint.js';
import freezeUnfreeze from '../../examples/callbacks/freeze-unfreeze.js';
import gradientNorms from '../../examples/callbacks/gradient-norms.js';
import lrRangeTest, { LRRangeTest } from '../../examples/callbacks/lr-range-test.js';
import metricsLogger, { MetricsLogger } from '../../examples/callbacks/metrics-logger.js';
import multiStage from '../../examples/callbacks/multi-stage.js';
import predictionSaver from '../../examples/callbacks/prediction-saver.js';
import statefulCounter, { StatefulCounter } from '../../examples/callbacks/stateful-counter.js';
import { scratchFolder } from '../support/scripted.js';

const scratch = scratchFolder();
const home = process.cwd();
let shown: () => string;

/** The examples write where they are started. */
beforeEach(() => {
  const folder = scratch();
  mkdirSync(folder);
  process.chdir(folder);
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(console, 'warn').mockReturnValue();
  const { mock } = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  shown = () => mock.calls.flat().join('');
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => process.chdir(home));

const find = <C extends Callback>(trainer: Trainer, type: new (...args: never[]) => C): C =>
  trainer.callbacks.get(type) as C;
const sums = (parameters: { variable: tf.Variable }[]) =>
  parameters.map(({ variable }) => tf.tidy(() => tf.sum(variable).dataSync()[0]));

describe('examples/callbacks', () => {
  it('has a test here for each file, and a line in its README', () => {
    const files = readdirSync(join(home, 'examples/callbacks')).filter((name) => name.endsWith('.ts'));
    const test = readFileSync(join(home, 'test/examples/callbacks.test.ts'), 'utf8');
    const readme = readFileSync(join(home, 'examples/callbacks/README.md'), 'utf8');
    for (const file of files) {
      if (file !== 'spirals.ts') expect(test).toContain(`/${file.replace(/\.ts$/, '.js')}'`);
      expect(readme).toContain(`](${file})`);
    }
  });

  it('metrics-logger keeps what each validation came to', async () => {
    const { trainer, model, data } = metricsLogger();
    await trainer.fit(model, data);
    const { metrics } = find(trainer, MetricsLogger);
    expect(metrics).toHaveLength(3);
    expect(Object.keys(metrics[2] as object)).toEqual(expect.arrayContaining(['loss', 'val_loss', 'val_acc']));
    expect(metrics[2]?.['val_loss']).toBeLessThan(metrics[0]?.['val_loss'] as number);
  });

  it('gradient-norms logs a norm for each parameter, and leaves no tensors behind', async () => {
    const { trainer, model, data } = gradientNorms();
    const run = trainer.run(model, data, { history: { limitBytes: 0 } });
    await run.epoch(1);
    const { numTensors } = tf.memory();
    await run.epoch(1);
    expect(tf.memory().numTensors).toBe(numTensors);
    await run.finish();
    const names = model.parameters().map(({ name }) => `grad_norm/${name}`);
    expect(names).toHaveLength(6);
    for (const name of names) expect(trainer.loggedMetrics[name]).toBeGreaterThan(0);
  });

  it('custom-checkpoint saves every fifth epoch, and a fit goes on from such a file', async () => {
    const first = customCheckpoint();
    await first.trainer.fit(first.model, first.data);
    expect(readdirSync('checkpoints').sort()).toEqual(['custom-0.ckpt', 'custom-10.ckpt', 'custom-5.ckpt']);
    const second = customCheckpoint();
    await second.trainer.fit(second.model, second.data, { ckptPath: 'checkpoints/custom-5.ckpt' });
    expect(sums(second.model.parameters())).toEqual(sums(first.model.parameters()));
  });

  it('freeze-unfreeze leaves the backbone alone until its epoch', async () => {
    const { trainer, model, data } = freezeUnfreeze();
    const backbone = () => sums(model.parameters().filter(({ name }) => name.startsWith('backbone')));
    const head = () => sums(model.parameters().filter(({ name }) => name.startsWith('head')));
    const run = trainer.run(model, data);
    await run.until('onTrainStart');
    const before = [backbone(), head()];
    await run.epoch(2);
    expect(backbone()).toEqual(before[0]);
    expect(head()).not.toEqual(before[1]);
    await run.epoch(1);
    expect(backbone()).not.toEqual(before[0]);
    await run.finish();
  });

  it('lr-range-test sweeps from end to end, stops, and draws', async () => {
    const { trainer, model, data } = lrRangeTest({ numSteps: 40 });
    const { outcome, steps } = await trainer.fit(model, data);
    expect([outcome, steps]).toEqual(['stopped', 40]);
    const { lrs, losses } = find(trainer, LRRangeTest);
    expect([lrs.length, losses.length]).toEqual([40, 40]);
    expect(lrs[0]).toBeCloseTo(1e-5, 10);
    expect(lrs.at(-1)).toBeCloseTo(1, 10);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(readFileSync('lr_finder.svg', 'utf8')).toMatch(/^<svg[^]*learning rate[^]*<\/svg>/);
  });

  it('prediction-saver writes one probability for each point', async () => {
    const { trainer, model, data } = predictionSaver();
    await trainer.fit(model, data);
    const given = (await trainer.predict(model, data)) as tf.Tensor[];
    const [saved] = JSON.parse(readFileSync('predictions.json', 'utf8')) as number[][][];
    expect(saved).toHaveLength(96);
    expect(saved).toEqual(given[0]?.arraySync());
    expect(saved?.every(([p]) => p !== undefined && p > 0 && p < 1)).toBe(true);
  });

  it('stateful-counter goes on counting after an interruption; two of them count each for itself', async () => {
    const first = statefulCounter();
    const run = first.trainer.run(first.model, first.data);
    await run.step(8);
    await run.save('here.ckpt');
    await run.stop();
    const second = statefulCounter({ epochs: 4 });
    second.trainer.callbacks.add(new StatefulCounter('another'));
    await second.trainer.fit(second.model, second.data, { ckptPath: 'here.ckpt' });
    const counters = second.trainer.callbacks.filter((callback) => callback instanceof StatefulCounter);
    expect(counters.map(({ stateKey, counter }) => [stateKey, counter])).toEqual([
      ['my_stateful_callback', 24],
      // It was not there before, and the save came before the eighth batch's end was told.
      ['another', 17],
    ]);
  });

  it('conditional acts from its epoch on', async () => {
    const { trainer, model, data } = conditional();
    const run = trainer.run(model, data);
    const values: (number | undefined)[] = [];
    while (await run.until('onTrainEpochStart')) values.push(trainer.limits.gradientClipVal);
    expect(values).toEqual([1, 1, 1, 0.1]);
  });

  it('multi-stage divides the learning rate at its epochs', async () => {
    const { trainer, model, data } = multiStage();
    const run = trainer.run(model, data);
    const rates: number[] = [];
    while (await run.until('onTrainBatchStart', ({ batchIdx }) => batchIdx === 0))
      rates.push(trainer.optimizers[0]?.lr as number);
    [0.01, 0.01, 0.001, 0.001, 0.0001, 0.0001].forEach((rate, i) => expect(rates[i]).toBeCloseTo(rate, 10));
    expect(shown()).toMatch(/Entering stage 1\n[^]*Entering stage 2\n/);
  });

  it('combined: all of them, in any order, with the same weights and checkpoints', async () => {
    const remains = [];
    for (const flip of [false, true]) {
      const rootDir = join(process.cwd(), String(flip));
      const { trainer, model, data } = combined({ rootDir });
      const plain = trainer.callbacks.filter(({ kind }) => kind === 'plain' || kind === 'monitor');
      for (const callback of flip ? plain.reverse() : []) {
        trainer.callbacks.remove(callback);
        trainer.callbacks.add(callback);
      }
      await trainer.fit(model, data);
      const folder = join(rootDir, 'lightning_logs/version_0');
      expect(existsSync(join(folder, 'metrics.csv'))).toBe(true);
      const rows = readFileSync(join(folder, 'metrics.csv'), 'utf8');
      for (const name of ['lr-Adam', 'DeviceStatsMonitor.onTrainBatchStart/rss_bytes', 'val_loss'])
        expect(rows).toContain(name);
      remains.push([sums(model.parameters()), readdirSync(join(folder, 'checkpoints')).sort()]);
    }
    expect(remains[0]?.[1]).toHaveLength(3);
    expect(remains[1]).toEqual(remains[0]);
  });
});
