import { PassThrough } from 'node:stream';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ProgressBar, type ProgressBarOptions, type Trainer } from 'strobe';
import { refreshRateIn } from '../../src/callbacks/progress-bar.js';
import type { ProgressRenderer } from '../../src/display/progress/renderers.js';
import { metricText, type ProgressView } from '../../src/display/progress/text.js';
import { batches, oracles, quietTrainer, Scripted } from '../support/scripted.js';

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
