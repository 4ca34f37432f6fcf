import { PassThrough } from 'node:stream';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Module, parameter, ProgressBar, SGD, Trainer, type ProgressBarOptions } from 'strobe';
import { refreshRateIn } from '../../src/callbacks/progress/refresh-rate.js';
import { LineRenderer, TerminalRenderer, type ProgressRenderer } from '../../src/display/progress/renderers.js';
import { bar, duration, metricText, status, type ProgressView } from '../../src/display/progress/text.js';
import { batches, oracles, quietTrainer, Scripted } from '../support/scripted.js';

class Line extends Module {
  readonly w = parameter(tf.scalar(1));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    return tf.mean(tf.mul(batch, this.w.variable));
  }
  override validationStep(): void {
    this.log('val_loss', 0.5, { progBar: true });
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}

function stream(isTTY: boolean) {
  const pass = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
  let text = '';
  pass.on('data', (chunk: Buffer) => (text += chunk.toString()));
  Object.assign(pass, { isTTY, columns: 80, getColorDepth: () => 1 });
  return { pass, text: () => text };
}

const quiet = { backend: 'cpu', logger: false, enableCheckpointing: false, enableModelSummary: false } as const;

describe('numbers in a progress bar', () => {
  it.each([
    [1, '1.000'],
    [0.5, '0.500'],
    [0.123456789, '0.123'],
    [123456, '1.23e+5'],
    [1e-7, '1e-7'],
    [1234567, '1.23e+6'],
    [0, '0.000'],
    [100, '100.0'],
    [NaN, 'NaN'],
  ])('%d is shown as %s', (value, text) => expect(metricText(value)).toBe(text));

  it.each([
    [7, '0:07'],
    [754, '12:34'],
    [3723, '1:02:03'],
    [Infinity, '--:--'],
  ])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('fills a bar from empty to full', () => {
    expect(bar(0, 8, 4)).toBe('····');
    expect(bar(1, 8, 4)).toBe('▌···');
    expect(bar(8, 8, 4)).toBe('████');
    expect(bar(3, Infinity, 4)).toBe('····');
  });

  it('says how far, how fast, how long still, and the metrics', () => {
    const view = { description: 'Epoch 0', done: 50, total: 200, elapsed: 5, doneHere: 50, metrics: { loss: 0.25 } };
    expect(status(view)).toBe('50/200 | 10.0 it/s | 0:05 < 0:15 | loss 0.250');
  });
});

describe('a progress bar', () => {
  it('leaves one line for each epoch and each loop of its own where it is piped', async () => {
    const { pass, text } = stream(false);
    const model = new Line();
    const trainer = new Trainer({ ...quiet, maxEpochs: 2, callbacks: [new ProgressBar({ stream: pass })] });
    await trainer.fit(model, { train: batches(3), val: batches(2) });
    await trainer.validate(model, batches(2));
    const lines = text().trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/ \|.*it\/s.*? \| .*?(?= \||$)/, ''))).toEqual([
      'Epoch 0: 3/3 | val_loss 0.500',
      'Epoch 1: 3/3 | val_loss 0.500',
      'Validation DataLoader 0: 2/2 | val_loss 0.500',
    ]);
  });

  it('draws over itself on a terminal, never wider than it, and prints above', () => {
    const { pass, text } = stream(true);
    const renderer = new TerminalRenderer(pass);
    const metrics = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`metric_${i}`, i]));
    const view = { description: 'Epoch 0', done: 1, total: 2, elapsed: 1, doneHere: 1, metrics };
    renderer.show([view, { ...view, description: 'Validation DataLoader 0', metrics: {} }]);
    renderer.print('a line');
    renderer.finish(view);
    for (const line of text().split('\n'))
      expect(line.replace(/\u001B\[[0-9;]*[A-Za-z]|\r/g, '').length).toBeLessThan(80);
    expect(text()).toContain('\u001B[1A');
    expect(text()).toMatch(/a line\n/);
  });

  it('is not asked for what it would not show', () => {
    const { pass } = stream(false);
    const renderer = new LineRenderer(pass);
    expect(renderer.due(performance.now())).toBe(false);
    expect(renderer.due(performance.now() + 5001)).toBe(true);
  });

  it('shows nothing when it is disabled', async () => {
    const { pass, text } = stream(false);
    const progress = new ProgressBar({ stream: pass });
    progress.disable();
    await new Trainer({ ...quiet, maxEpochs: 1, callbacks: [progress] }).fit(new Line(), batches(2));
    expect(text()).toBe('');
  });

  it('contradicts enableProgressBar: false', () => {
    expect(() => new Trainer({ enableProgressBar: false, callbacks: [new ProgressBar()] })).toThrow(
      'enableProgressBar: false contradicts',
    );
  });
});

const cases = await oracles('progress');
const find = (id: string) => cases.find((entry) => entry.id === id) as (typeof cases)[number];

/** A bar that shows everything at once, to a list. */
class Shown extends ProgressBar {
  readonly views: ProgressView[] = [];
  constructor(options: ProgressBarOptions = {}) {
    super({ ...options, stream: new PassThrough() as unknown as NodeJS.WriteStream });
  }
  protected override makeRenderer(): ProgressRenderer {
    const show = (views: ProgressView[]) => void this.views.push(...views);
    return { due: () => true, show, finish: (view) => show([view]), print() {}, transient: true };
  }
  /** The values a loop was shown with, each once. */
  values(description: RegExp): number[] | null {
    const of = this.views.filter((view) => description.test(view.description)).map(({ done }) => done);
    return of.length === 0 ? null : of.filter((value, i) => value !== of[i - 1]);
  }
}

describe('progress is what the peer shows', () => {
  it.each(cases.filter(({ id }) => id.startsWith('pb.update.')))('$id', async ({ given, expect: expected }) => {
    const { train_batches: train, val_batches: val, refresh_rate: refreshRate } = given as Record<string, number>;
    const shown = new Shown({ refreshRate: refreshRate ?? 1 });
    const trainer = quietTrainer({ maxEpochs: 1, numSanityValSteps: 0, callbacks: [shown] });
    const data = { train: batches(train ?? 0), ...(val ? { val: batches(val) } : {}) };
    await trainer.fit(new Scripted(), data);
    expect(shown.values(/^Epoch/)).toEqual(expected['train_values']);
    expect(shown.values(/^Validation/)).toEqual(expected['val_values']);
    expect(shown.totalTrainBatches).toBe(train);
    expect(shown.totalValBatches).toBe(val);
  });

  it.each(cases.filter(({ id }) => /^pb\.num\.\d/.test(id)))('$id', ({ given, expect: expected }) => {
    // JavaScript has one kind of number: 1 is shown as 1.0 is.
    const text = given['type'] === 'int' ? '1.000' : expected['text'];
    expect(metricText(given['value'] as number | string)).toBe(text);
  });

  it('pb.num.more', () => {
    const { given, expect: expected } = find('pb.num.more');
    expect((given['values'] as string[]).map((value) => metricText(Number(value)))).toEqual(expected['text']);
  });

  it('pb.desc', async () => {
    const { sanity, val, test, predict } = find('pb.desc').expect as Record<string, string[]>;
    const shown = new Shown();
    const trainer = quietTrainer({ maxEpochs: 1, callbacks: [shown] });
    const loader = () => ({ [Symbol.iterator]: () => batches(1)[Symbol.iterator]() });
    const two = [loader(), loader()];
    const model = Object.assign(new Scripted(), { testStep: () => undefined, predictStep: () => tf.scalar(1) });
    await trainer.fit(model, { train: batches(1), val: two });
    await trainer.test(model, two);
    await trainer.predict(model, two);
    const seen = [...new Set(shown.views.map(({ description }) => description))];
    // The peer's have a colon and a blank at the end: ours get theirs from the renderer.
    const plain = (texts: string[] = []) => texts.map((text) => text.replace(': ', ''));
    expect(seen).toEqual([...plain(sanity), 'Epoch 0', ...plain(val), ...plain(test), ...plain(predict)]);
  });

  it('pb.colab', () => {
    const { given, expect: expected } = find('pb.colab');
    expect(refreshRateIn({ COLAB_GPU: '1' }, 1)).toBe(expected['colab']);
    const pairs = given['TQDM_MINITERS'] as [number, number][];
    expect(pairs.map(([least, rate]) => refreshRateIn({ TQDM_MINITERS: String(least) }, rate))).toEqual(
      expected['env'],
    );
  });
});

describe('behind the bar', () => {
  const logger = (version: string | number) => ({ version, logMetrics() {} });
  it.each([
    [7, '7'],
    ['2024-run-abcd', 'abcd'],
  ])('stands the version %s of the logger, as far as there is room', async (version, expected) => {
    const shown = new Shown();
    await quietTrainer({ maxEpochs: 1, logger: logger(version), callbacks: [shown] }).fit(new Scripted(), batches(1));
    expect(shown.views.at(-1)?.metrics).toEqual({ v_num: expected });
  });

  it('stands what a subclass wants to be there', async () => {
    class Own extends Shown {
      override getMetrics(trainer: Trainer) {
        return { ...super.getMetrics(trainer), gpu: 'hot' };
      }
    }
    const own = new Own();
    await quietTrainer({ maxEpochs: 1, callbacks: [own] }).fit(new Scripted(), batches(1));
    expect(own.views.at(-1)?.metrics).toEqual({ gpu: 'hot' });
  });

  it('stands nothing else: only one bar is allowed', () => {
    expect(() => quietTrainer({ maxEpochs: 1, callbacks: [new Shown(), new ProgressBar()] })).toThrow(
      'more than one progress bar',
    );
  });
});
