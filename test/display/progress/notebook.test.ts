import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Module, parameter, SGD, Trainer } from 'strobe';
import { setDisplayHost, type MimeBundle } from 'strobe/display';
import { NotebookRenderer } from '../../../src/display/progress/notebook.js';

class Line extends Module {
  readonly w = parameter(tf.scalar(4));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.square(tf.mul(batch, this.w.variable))) as tf.Scalar;
    this.log('train_loss', loss, { progBar: true });
    return loss;
  }
  override validationStep(): void {
    this.log('val_loss', tf.square(this.w.variable), { progBar: true });
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.01 });
  }
}

const options = {
  backend: 'cpu',
  logger: false,
  enableCheckpointing: false,
  enableModelSummary: false,
  maxEpochs: 3,
  seed: 1,
} as const;

let shown: { bundle: MimeBundle; id: string | undefined; update: boolean }[];
beforeEach(() => {
  shown = [];
  setDisplayHost({ rich: true, show: (bundle, { id, update }) => void shown.push({ bundle, id, update }) });
});
afterEach(() => {
  vi.useRealTimers();
  setDisplayHost(undefined);
});

const batches = [tf.ones([2]), tf.ones([2])];
const lastHtml = () => shown.at(-1)?.bundle['text/html'] as string;

it('is one display for a fit, updated in place', async () => {
  await new Trainer(options).fit(new Line(), { train: batches, val: batches });
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
  expect(shown.map(({ update }) => update)).toEqual(shown.map((_, i) => i > 0));
});

it('is updated five times a second at most, and once more at the end', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const renderer = new NotebookRenderer();
  for (let done = 1; done <= 1000; done++) {
    vi.advanceTimersByTime(2);
    const view = {
      description: 'Epoch 0',
      epoch: 0,
      done,
      total: 1000,
      elapsed: 1,
      doneHere: done,
      metrics: { loss: 1 },
    };
    if (renderer.due(performance.now())) renderer.show([view]);
    if (done % 5 === 0) renderer.finish(view);
  }
  expect(shown).toHaveLength(10);
  renderer.close('done');
  expect(shown).toHaveLength(11);
});

it('ends in green, with a row for each epoch', async () => {
  await new Trainer(options).fit(new Line(), { train: batches, val: batches });
  expect(lastHtml()).toContain('>done</b> ·');
  expect(lastHtml()).toContain('#12946e');
  expect(lastHtml().match(/<tr>/g)).toHaveLength(4);
  expect(shown.at(-1)?.bundle['text/plain']).toMatch(/epoch +train_loss +val_loss +time/);
});

it('ends in red when it is interrupted', async () => {
  const abort = new AbortController();
  class Stopping extends Line {
    override trainingStep(batch: tf.Tensor): tf.Scalar {
      if (this.globalStep === 3) abort.abort();
      return super.trainingStep(batch);
    }
  }
  await new Trainer(options).fit(new Stopping(), { train: batches }, { signal: abort.signal });
  expect(lastHtml()).toContain('>interrupted</b> ·');
  expect(lastHtml()).toContain('#d03b3b');
});

it('is red even where nothing was done', () => {
  const renderer = new NotebookRenderer();
  const metrics = {};
  renderer.show([{ description: 'Epoch 5', epoch: 5, done: 0, total: 64, elapsed: 0, doneHere: 0, metrics }]);
  renderer.close('interrupted');
  expect(lastHtml()).toContain('background:#d03b3b55');
});

it('leaves out of the table of epochs what stands for the last step of each', () => {
  const renderer = new NotebookRenderer();
  const metrics = { loss_step: 1, loss_epoch: 2, grad_step: 3 };
  renderer.finish({ description: 'Epoch 0', epoch: 0, done: 2, total: 2, elapsed: 1, doneHere: 2, metrics });
  renderer.close('done');
  expect(shown.at(-1)?.bundle['text/plain']).toMatch(/^epoch +loss_epoch +grad_step +time$/m);
});

it('is a display of its own for each fit', async () => {
  await new Trainer(options).fit(new Line(), { train: batches });
  await new Trainer(options).fit(new Line(), { train: batches });
  expect(new Set(shown.map(({ id }) => id)).size).toBe(2);
});

const slowly = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('says when a run is paused, and goes on in the same place', async () => {
  const run = new Trainer({ ...options, maxEpochs: 2 }).run(new Line(), { train: batches });
  await run.step();
  await slowly(300);
  expect(lastHtml()).toContain('>paused</b> ·');
  await run.finish();
  expect(lastHtml()).toContain('>done</b> ·');
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
});

it('goes back with a run that is rewound', async () => {
  const run = new Trainer({ ...options, maxEpochs: 3 }).run(new Line(), { train: batches });
  await run.epoch();
  await run.epoch();
  await run.rewind({ epoch: 0 });
  await run.finish();
  const rows = String(shown.at(-1)?.bundle['text/plain']).match(/^ +\d(?= {2})/gm);
  expect(rows?.map((row) => row.trim())).toEqual(['0', '1', '2']);
});

it('draws no curve that folds back when a run is rewound', () => {
  const renderer = new NotebookRenderer();
  const at = (epoch: number, done: number) => ({ description: '', epoch, done, total: 4, elapsed: 1, doneHere: done });
  for (const view of [at(0, 1), at(0, 3), at(1, 1), at(0, 1), at(0, 2)])
    renderer.show([{ ...view, metrics: { loss: 1 } }]);
  const html = lastHtml();
  shown = [];
  const other = new NotebookRenderer();
  for (const view of [at(0, 1), at(0, 2)]) other.show([{ ...view, metrics: { loss: 1 } }]);
  expect(html.replace(/[\w-]*\d+-\d+[\w-]*/g, '')).toBe(lastHtml().replace(/[\w-]*\d+-\d+[\w-]*/g, ''));
});

it('does not show each pause of a run that is stepped', async () => {
  const run = new Trainer({ ...options, maxEpochs: 100 }).run(new Line(), { train: batches });
  const begun = performance.now();
  while (performance.now() - begun < 500) await run.next();
  expect(shown.length).toBeLessThanOrEqual(4);
  await run.stop();
});

it('is not flooded by validations inside the epoch', async () => {
  const begun = performance.now();
  const val = Array.from({ length: 50 }, () => tf.ones([2]));
  await new Trainer({ ...options, maxEpochs: 20, valCheckInterval: 1 }).fit(new Line(), { train: batches, val });
  // Five a second, the first one and the last one.
  expect(shown.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 200);
});

it('is a display of its own for a fork', async () => {
  const run = new Trainer({ ...options, maxEpochs: 2 }).run(new Line(), { train: batches });
  await run.step();
  const fork = await run.fork();
  await fork.finish();
  await run.finish();
  expect(new Set(shown.map(({ id }) => id)).size).toBe(2);
  expect(lastHtml().match(/<tr>/g)).toHaveLength(3);
});

it('does not count the time for which a run stood', async () => {
  const run = new Trainer({ ...options, maxEpochs: 1 }).run(new Line(), { train: batches });
  await run.step();
  await slowly(2000);
  await run.finish();
  expect(lastHtml()).toMatch(/>0:0[01]<\/td>/);
});
