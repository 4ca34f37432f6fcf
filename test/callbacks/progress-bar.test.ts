import { PassThrough } from 'node:stream';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Module, parameter, ProgressBar, SGD, Trainer } from 'strobe';
import { LineRenderer, TerminalRenderer } from '../../src/display/progress/renderers.js';
import { bar, duration, metricText, status } from '../../src/display/progress/text.js';

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

const batches = (count: number) => Array.from({ length: count }, () => tf.ones([2]));
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
