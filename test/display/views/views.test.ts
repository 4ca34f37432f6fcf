import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Callback,
  EarlyStopping,
  MetricsHistory,
  Module,
  parameter,
  readCheckpoint,
  SGD,
  StepLR,
  type OptimizerConfig,
  type Run,
} from 'strobe';
import { bundleOf } from 'strobe/display';
import { quietTrainer } from '../../support/quiet.js';

const text = (value: unknown) => bundleOf(value)['text/plain'];
const html = (value: unknown) => String(bundleOf(value)['text/html']);

class Line extends Module {
  readonly net = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
  readonly w = parameter(tf.scalar(2));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean<tf.Scalar>(tf.mul(this.net.apply(batch) as tf.Tensor, this.w.variable));
    this.log('loss', loss);
    return loss;
  }
  override configureOptimizers(): OptimizerConfig {
    const optimizer = new SGD(this.parameters(), { lr: 0.5 });
    return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1, gamma: 0.1 }) };
  }
}

let folder: string;
let run: Run;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-views-'));
  const callbacks = [new EarlyStopping({ monitor: 'loss' }), new MetricsHistory()];
  const trainer = quietTrainer({ maxEpochs: 3, logEveryNSteps: 1, callbacks });
  const module = new Line();
  module.saveHyperparameters({ units: 2, name: '<b>' });
  run = trainer.run(module, [tf.ones([4, 1]), tf.ones([4, 1])]);
  await run.epoch();
  await run.until('onAfterBackward');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('shows itself in a notebook:', () => {
  it('a run, with where it stands and the way of its metrics', () => {
    expect(text(run)).toMatch(
      /^Run · paused · epoch 1 of 3 · batch 0 of 2 · step 2 · before onAfterBackward · SGD lr 0.05 · 2 steps can be taken back\nmetric +last +best +curve\n─+\nloss .*█▁$/,
    );
    expect(html(run)).toMatch(/<table class="dataframe">[\s\S]*<img alt="█▁"/);
  });

  it('a run that does not stand first in its module is left where it is', async () => {
    const other = await run.fork();
    const weight = run.module.parameters()[0]?.variable.dataId;
    bundleOf(other);
    bundleOf(other.trainer);
    expect(run.trainer.module.parameters()[0]?.variable.dataId).toBe(weight);
    await other.stop();
  });

  it('a trainer, before there is anything to train and after', () => {
    expect(text(quietTrainer())).toMatch(/^Trainer · initializing\n[\s\S]*maxEpochs +1\n/);
    expect(text(run.trainer)).toMatch(
      /^Trainer · running · fit · epoch 1 · step 2\n\nmetric[\s\S]*optimizers +SGD lr 0.05\n/,
    );
  });

  it('a module, with its layers and hyper-parameters', () => {
    expect(text(run.module)).toMatch(/^Line · 5 parameters · train mode\n[\s\S]*net.dense_1 +Dense +4 +train\n/);
    expect(html(run.module)).toContain('&lt;b&gt;');
  });

  it('an optimizer and its schedule', () => {
    const [optimizer] = run.trainer.optimizers;
    expect(text(optimizer)).toMatch(/^SGD · lr 0.05\ngroup +parameters +values +lr /);
    expect(text(run.trainer.lrSchedulers[0]?.scheduler)).toMatch(/^StepLR · stepped 1 times · lr 0.05\n/);
    expect(text(run.trainer.lrSchedulers)).toMatch(/StepLR +epoch/);
  });

  it('callbacks, all and one by one', () => {
    expect(text(run.callbacks)).toMatch(/0 +EarlyStopping +setup[^\n]*monitor: "loss"/);
    expect(text(run.callbacks.get(EarlyStopping))).toMatch(/^EarlyStopping · setup .*\nfield[\s\S]*patience +3\n/);
    expect(text(run.callbacks.get(MetricsHistory))).toMatch(/^MetricsHistory[\s\S]*epoch +step +loss\n/);
    expect(text(new (class Idle extends Callback {})())).toBe('Idle · no hooks');
  });

  it('an event, with its loss and gradients', async () => {
    const { position } = run;
    const gradients = { w: tf.ones([3]) };
    const event = { hook: 'onAfterBackward', position, loss: tf.scalar(0.25), gradients };
    expect(text(event)).toMatch(
      /^onAfterBackward · epoch 1 · batch 0 · step 2 · loss 0.25\ngradients\n[\s\S]*w +\[3\] +float32 +1/,
    );
  });

  it('a checkpoint', async () => {
    await run.save(join(folder, 'here.ckpt'));
    const checkpoint = await readCheckpoint(join(folder, 'here.ckpt'));
    expect(text(checkpoint)).toMatch(
      /^Checkpoint · epoch 1 · step 2 · 5 values · a run goes on from it[\s\S]*net.dense_1.kernel +\[1, 2\]/,
    );
  });

  it('how a fit ended', () => {
    const result = { outcome: 'completed', reason: 'maxEpochs=3 reached', metrics: { loss: 0.5 }, epochs: 3, steps: 6 };
    expect(text(result)).toMatch(
      /^Fit · completed · maxEpochs=3 reached · 3 epochs · 6 steps\nmetric +value\n─+\nloss +0.5$/,
    );
  });

  it('records, as a table with a bound', () => {
    const records = Array.from({ length: 60 }, (_, i) => ({ loss: i / 10, step: i, note: '<i>', shape: [1, 2] }));
    expect(text(records)).toMatch(/^step +loss +note +shape\n[\s\S]*and 10 more$/);
    expect(html(records)).toContain('&lt;i&gt;');
    expect(Object.keys(bundleOf([1, 2]))).toEqual(['text/plain']);
    expect(Object.keys(bundleOf([{}]))).toEqual(['text/plain']);
  });

  it('an error, with links to what it names and to the files below this folder', () => {
    const error = new TypeError('Wrong <type>.\n  to do: see https://example.org/a?b=c.', {
      cause: new Error('because'),
    });
    expect(text(error)).toMatch(/^TypeError · Wrong <type>\.[\s\S]*views\.test\.ts[\s\S]*Error · because/);
    expect(html(error)).toContain('&lt;type&gt;');
    expect(html(error)).toContain('<a href="https://example.org/a?b=c">https://example.org/a?b=c</a>.');
    expect(html(error)).toMatch(
      /<a href="test\/display\/views\/views\.test\.ts">test\/display\/views\/views\.test\.ts:\d+:\d+<\/a>/,
    );
  });
});
