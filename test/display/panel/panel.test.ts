import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EarlyStopping, Module, parameter, SGD, type Run } from 'strobe';
import { bundleOf, display, panel, setDisplayHost, type MimeBundle } from 'strobe/display';
import { FrontEnd } from '../../support/front-end.js';
import { quietTrainer } from '../../support/quiet.js';

class Line extends Module {
  readonly w = parameter(tf.scalar(4));
  readonly b = parameter(tf.scalar(1));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.square(tf.mul(batch, this.w.variable))) as tf.Scalar;
    this.log('loss', loss);
    return loss;
  }
  override configureOptimizers(): SGD {
    return new SGD([{ params: [this.w] }, { params: [this.b], lr: 0.001 }], { lr: 0.01 });
  }
}

const begin = (maxEpochs = 1000): Run =>
  quietTrainer({
    maxEpochs,
    logEveryNSteps: 1,
    callbacks: [new EarlyStopping({ monitor: 'loss', patience: 1e6 })],
  }).run(new Line(), [tf.ones([2]), tf.ones([2])]);

let frontEnd: FrontEnd;
beforeEach(() => {
  frontEnd = new FrontEnd();
  setDisplayHost({ rich: true, comms: frontEnd, show: () => undefined });
});
afterEach(() => setDisplayHost(undefined));

const status = () => String(frontEnd.all('HTML')[0]?.['value']);
const disabled = () =>
  Object.fromEntries(frontEnd.all('Button').map(({ description, disabled }) => [description, disabled]));

it('is one view of widgets, with what it looks like for those who have none', () => {
  const bundle = bundleOf(panel(begin()));
  expect(Object.keys(bundle).sort()).toEqual(['application/vnd.jupyter.widget-view+json', 'text/html', 'text/plain']);
  expect(bundle['text/plain']).toMatch(/^Run · paused/);
  expect(frontEnd.all('Button').map(({ description }) => description)).toEqual([
    'Play',
    'Pause',
    'Next hook',
    'Next batch',
    'Rewind',
  ]);
});

it('is the same one wherever a run is shown', () => {
  const run = begin();
  const [first, second] = [bundleOf(panel(run)), bundleOf(panel(run))];
  expect(second).toEqual(first);
});

it('plays and pauses', async () => {
  const run = begin();
  bundleOf(panel(run));
  expect(disabled()).toEqual({ Play: false, Pause: true, 'Next hook': false, 'Next batch': false, Rewind: false });
  frontEnd.click('Play');
  expect(run.status).toBe('running');
  await vi.waitFor(() => expect(status()).toContain('running'));
  expect(disabled()).toMatchObject({ Play: true, Pause: false });
  frontEnd.click('Pause');
  await vi.waitFor(() => expect(status()).toContain('paused'));
  expect(run.status).toBe('paused');
  expect(disabled()).toMatchObject({ Play: false, Pause: true });
});

it('sees what is done elsewhere', async () => {
  const run = begin();
  bundleOf(panel(run));
  run.play();
  await vi.waitFor(() => expect(status()).toContain('running'));
  await run.pause();
  await vi.waitFor(() => expect(status()).toContain('paused'));
  await run.stop();
  await vi.waitFor(() => expect(status()).toContain('stopped'));
  expect(disabled()).toEqual({ Play: true, Pause: true, 'Next hook': true, 'Next batch': true, Rewind: true });
});

it('goes to the next hook, some batches on, and back', async () => {
  const run = begin();
  bundleOf(panel(run));
  const atRest = new Promise<void>((resolve) => run.onRest(resolve));
  frontEnd.click('Next hook');
  await atRest;
  expect(run.position.hook).toBe('setup');
  frontEnd.change('by', { value: 3 });
  expect(frontEnd.model('Next 3')).toBeDefined();
  frontEnd.click('Next 3');
  await vi.waitFor(() => expect(run.position).toMatchObject({ globalStep: 3, hook: 'onTrainBatchEnd' }));
  await vi.waitFor(() => expect(status()).toContain('step 3'));
  frontEnd.change('by', { value: 2 });
  frontEnd.click('Rewind');
  await vi.waitFor(() => expect(run.position).toMatchObject({ globalStep: 1, hook: 'onTrainBatchStart' }));
});

it('has a slider for the learning rate, which takes the other groups along', async () => {
  const run = begin();
  bundleOf(panel(run));
  expect(frontEnd.all('FloatLogSlider')).toEqual([]);
  await run.step();
  await vi.waitFor(() => expect(frontEnd.model('SGD lr')?.['value']).toBe(0.01));
  frontEnd.change('SGD lr', { value: 0.1 });
  const [first, second] = run.trainer.optimizers[0]?.paramGroups ?? [];
  expect(first?.lr).toBeCloseTo(0.1);
  expect(second?.lr).toBeCloseTo(0.01);
  expect(run.journal.map(({ path }) => path.join('.'))).toContain('optimizers.0.paramGroups.0.lr');
});

it('says in the panel what went wrong', async () => {
  const run = begin();
  await run.step();
  bundleOf(panel(run));
  frontEnd.change('by', { value: 50 });
  frontEnd.click('Rewind');
  await vi.waitFor(() => expect(status()).toMatch(/<pre[^>]*>[^<]*50/));
  frontEnd.click('Next hook');
  await vi.waitFor(() => expect(status()).not.toContain('<pre'));
});

it('says what ended a run that was played', async () => {
  const run = begin();
  await run.step();
  const shown = panel(run);
  bundleOf(shown);
  run.on(() => {
    throw new Error('no <more>');
  });
  frontEnd.click('Play');
  await vi.waitFor(() => expect(status()).toContain('no &lt;more&gt;'));
  expect(shown.toText()).toContain('no <more>');
});

it('shows curves and callbacks', async () => {
  const run = begin();
  await run.step(4);
  bundleOf(panel(run));
  const [, figure, callbacks] = frontEnd.all('HTML').map(({ value }) => String(value));
  expect(figure).toContain('data:image/svg+xml');
  expect(callbacks).toMatch(/EarlyStopping<\/td>.*monitor: &quot;loss&quot;/);
});

it('changes five times a second at most while a run plays', async () => {
  const run = begin(10_000);
  bundleOf(panel(run));
  const comm = frontEnd.commOf(frontEnd.all('HTML')[0]);
  const begun = performance.now();
  run.play();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await run.pause();
  expect(run.position.globalStep).toBeGreaterThan(20);
  expect(comm?.sent.length).toBeGreaterThan(2);
  expect(comm?.sent.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 200);
});

it('is made anew when the front end has closed it', () => {
  const run = begin();
  const view = 'application/vnd.jupyter.widget-view+json';
  const { model_id: id } = bundleOf(panel(run))[view] as { model_id: string };
  frontEnd.comms.get(id)?.hangUp();
  expect((bundleOf(panel(run))[view] as { model_id: string }).model_id).not.toBe(id);
});

it('is a display that is kept up to date where there are no widgets', async () => {
  const shown: { bundle: MimeBundle; id: string | undefined }[] = [];
  setDisplayHost({ rich: true, show: (bundle, { id }) => void shown.push({ bundle, id }) });
  const run = begin();
  display(panel(run));
  await run.step(3);
  await vi.waitFor(() => expect(shown.at(-1)?.bundle['text/html']).toContain('step 3'));
  expect(Object.keys(shown[0]?.bundle ?? {}).sort()).toEqual(['text/html', 'text/plain']);
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
});
