import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Adam, OneCycleLR, parameter, ReduceLROnPlateau, StepLR } from 'strobe';
import {
  confusionMatrix,
  gradientFlow,
  histogram,
  imageGrid,
  lrFinderPlot,
  metricCurves,
  schedulePreview,
  type CurvePanel,
  type Figure,
  type MatrixPanel,
  type PicturesPanel,
} from 'strobe/display';
import type { Metrics } from '../../../src/module/metrics.js';
import { smoothed } from '../../../src/display/plots/smooth.js';

const curves = (figure: Figure, i = 0) => figure.panels[i] as CurvePanel;
const matrix = (figure: Figure) => figure.panels[0] as MatrixPanel;
const pictures = (figure: Figure) => (figure.panels[0] as PicturesPanel).pictures;

describe('metricCurves', () => {
  const rows = [
    { step: 0, epoch: 0, train_loss_step: 3 },
    { step: 1, epoch: 0, train_loss_step: 2, train_loss_epoch: 2.5, val_loss: 2.2, val_acc: 0.5 },
    { step: 3, epoch: 1, train_loss_epoch: 1.5, val_loss: 1.8, val_acc: 0.7 },
  ];

  it('puts what measures the same into one panel', () => {
    const { panels } = metricCurves(rows);
    expect(panels.map((panel) => [panel.title, ...(panel as CurvePanel).series.map(({ name }) => name)])).toEqual([
      ['loss', 'train_loss_step', 'train_loss_epoch', 'val_loss'],
      ['acc', 'val_acc'],
    ]);
  });

  it('draws each metric where it was logged', () => {
    const [series] = curves(metricCurves(rows, { metrics: ['val_loss'] })).series;
    expect([series?.x, series?.y]).toEqual([
      [1, 3],
      [2.2, 1.8],
    ]);
    expect(curves(metricCurves(rows, { metrics: ['val_loss'], x: 'epoch' })).series[0]?.x).toEqual([0, 1]);
  });

  it("reads a CSV logger's file, or its folder, or takes a run", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-'));
    try {
      await writeFile(join(folder, 'metrics.csv'), 'epoch,step,train_loss,val_loss\n0,0,2.5,\n0,1,NaN,2\n');
      const { series } = curves(metricCurves(folder));
      expect(series.map(({ name, x, y }) => [name, x, y])).toEqual([
        ['train_loss', [0, 1], [2.5, NaN]],
        ['val_loss', [1], [2]],
      ]);
      expect(metricCurves(join(folder, 'metrics.csv'))).toEqual(metricCurves(folder));
      expect(curves(metricCurves({ trainer: { metricHistory: rows } }))).toEqual(curves(metricCurves(rows)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes what a MetricsHistory has kept', () => {
    const kept = rows.map(({ step, epoch, ...metrics }) => ({ step, epoch, metrics: metrics as Metrics }));
    expect(metricCurves({ rows: kept })).toEqual(metricCurves(rows));
  });

  it('says what there is where a metric is not, in every format', () => {
    const figure = metricCurves(rows, { metrics: ['val_accuracy'] });
    const told = 'no val_accuracy so far, but train_loss_step, train_loss_epoch, val_loss, val_acc';
    expect(figure.toSvg()).toContain('no val_accuracy so far, but');
    expect(figure.toText()).toContain(told);
    expect(figure.toPlotly().layout.annotations).toContainEqual(expect.objectContaining({ text: told }));
    expect(metricCurves([]).toText()).toContain('nothing to show yet');
  });

  it('says what is missing when there are no metrics', () => {
    expect(() => metricCurves('nowhere')).toThrow(/There is no nowhere[\s\S]*logDir/);
    expect(() => metricCurves({} as never)).toThrow(/no metrics in this[\s\S]*a run, a trainer/);
  });

  it('smoothes over the pale curve', () => {
    const noisy = Array.from({ length: 200 }, (_, step) => ({ step, epoch: 0, loss: step % 2 }));
    const [raw, smooth] = curves(metricCurves(noisy)).series;
    expect([raw?.faint, smooth?.faint]).toEqual([true, undefined]);
    expect(smooth?.y[199]).toBeCloseTo(0.5, 1);
    expect(curves(metricCurves(noisy, { smoothing: 0 })).series).toHaveLength(1);
  });
});

describe('smoothing', () => {
  it('leaves a constant as it is, stays within what it smoothes, and passes over NaN', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 0.99, noNaN: true }), (list, weight) => {
        const [low, high] = [Math.min(...list), Math.max(...list)];
        for (const value of smoothed(list, weight)) {
          expect(value).toBeGreaterThanOrEqual(low - 1e-3);
          expect(value).toBeLessThanOrEqual(high + 1e-3);
        }
      }),
    );
    expect(smoothed([1, NaN, 1], 0.9)).toEqual([1, NaN, expect.closeTo(1)]);
  });
});

describe('lrFinderPlot', () => {
  const result = { lrs: [1e-4, 1e-3, 1e-2, 1e-1], losses: [3, 2, 1, 9] };

  it('marks the suggestion on the curve', () => {
    expect(curves(lrFinderPlot({ ...result, suggestion: () => 1e-3 })).marks).toEqual([
      { x: 1e-3, y: 2, label: 'suggestion 0.001' },
    ]);
    expect(curves(lrFinderPlot({ ...result, suggestion: () => undefined })).marks).toEqual([]);
  });

  it('marks several by name, and leaves out ends', () => {
    const { marks, series, x } = curves(lrFinderPlot({ ...result, suggestions: { valley: 0.01 } }, { skipEnd: 1 }));
    expect(marks?.map(({ label }) => label)).toEqual(['valley 0.01']);
    expect(series[0]?.y).toEqual([3, 2, 1]);
    expect(x.scale).toBe('log');
  });

  it('leaves out the divergence, which would leave the rest no room, unless it is told what to leave out', () => {
    const far = { lrs: [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1], losses: [3, 2, 1, 4, 6, 900], suggestions: {} };
    const losses = (figure: Figure) => curves(figure).series[0]?.y;
    expect(losses(lrFinderPlot(far))).toEqual([3, 2, 1, 4, 6]);
    expect(losses(lrFinderPlot(far, { skipEnd: 0 }))).toEqual(far.losses);
    expect(losses(lrFinderPlot({ ...far, suggestions: { late: 1 } }))).toEqual(far.losses);
    expect(losses(lrFinderPlot({ ...far, losses: [1, 1, 1, 1, 1, 1] }))).toHaveLength(6);
  });
});

describe('confusionMatrix', () => {
  it('counts targets by row and predictions by column', () => {
    const figure = confusionMatrix({ targets: tf.tensor1d([0, 0, 1, 2], 'int32'), predictions: [0, 1, 1, 2] });
    expect(matrix(figure).values).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(figure.title).toContain('75.00 % of 4 right');
  });

  it('gives shares that add up to one', () => {
    const counts = fc.array(fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(counts, (rows) => {
        for (const row of matrix(confusionMatrix(rows, { normalize: 'true' })).values) {
          const sum = Array.from(row).reduce((a, b) => a + b, 0);
          expect(sum === 0 || Math.abs(sum - 1) < 1e-9).toBe(true);
        }
      }),
    );
  });

  it('does not round a share away to zero', () => {
    const counts = [
      [999, 1],
      [0, 9],
    ];
    const { text } = matrix(confusionMatrix(counts, { normalize: 'true' }));
    expect([text?.(0.001, 0, 1), text?.(0, 1, 0), text?.(0.999, 0, 0)]).toEqual(['<.01', '0.00', '1.00']);
  });

  it('refuses scores, and a matrix that is not square', () => {
    expect(() => confusionMatrix({ targets: [0, 1], predictions: [0.2, 0.8] })).toThrow(/argMax/);
    expect(() => confusionMatrix({ targets: [0, 1], predictions: [0] })).toThrow(/2 targets and 1 predictions/);
    expect(() => confusionMatrix([[1, 2]])).toThrow(/not a square matrix/);
  });
});

describe('histogram', () => {
  it('counts every finite value once', () => {
    const any = fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity)), { maxLength: 60 });
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 20 }), (values, bins) => {
        const [series] = curves(histogram(values, { bins })).series;
        const total = Array.from(series?.y ?? []).reduce((a, b) => a + b, 0);
        expect(total).toBe(values.filter(Number.isFinite).length);
      }),
    );
  });

  it('tells of what is not finite, and shows several sets', () => {
    const figure = histogram({ a: tf.tensor([1, 2, NaN]), b: new Float32Array([3]) });
    expect(figure.title).toContain('1 of 4 values are not finite');
    expect(curves(figure).series.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('gradientFlow', () => {
  it('shows mean and largest magnitude of each, NaN as NaN', () => {
    const figure = gradientFlow({ kernel: tf.tensor([-3, 1]), bias: tf.tensor([NaN, 1]) });
    const { series, y } = curves(figure);
    expect(y.categories).toEqual(['kernel', 'bias']);
    expect(series.map(({ name, x }) => [name, x])).toEqual([
      ['largest', [3, NaN]],
      ['mean', [2, NaN]],
    ]);
    expect(figure.toSvg()).toContain('>NaN<');
  });

  it('tells of a gradient that is zero, which has no place on a log axis', () => {
    const figure = gradientFlow({ kernel: tf.tensor([1e-3, 1]), bias: tf.zeros([2]) });
    const notes = figure.toPlotly().layout.annotations as { text: string; y: string }[];
    expect(notes.map(({ text, y }) => [text, y])).toEqual([
      ['0', 'bias'],
      ['0', 'bias'],
    ]);
    expect(figure.toSvg().match(/>0</g)).toHaveLength(2);
  });

  it('says when there are gradients', () => {
    expect(() => gradientFlow({})).toThrow(/until\('onAfterBackward'\)/);
  });
});

describe('imageGrid', () => {
  it('finds black and white by the values', () => {
    const pixel = (value: number, largest: number) => pictures(imageGrid(tf.tensor([[[value, largest]]])))[0]?.rgba[0];
    expect(pixel(0.5, 1)).toBe(128);
    expect(pixel(51, 255)).toBe(51);
    expect(pixel(-1, 1)).toBe(0);
  });

  it('captions with what was taken for what', () => {
    const images = tf.zeros([3, 2, 2, 3]);
    const options = { labels: [0, 1, 1], predictions: tf.tensor1d([0, 0, 1], 'int32'), classes: ['cat', 'dog'] };
    expect(pictures(imageGrid(images, options)).map(({ caption, tone }) => [caption, tone])).toEqual([
      ['cat', 'good'],
      ['dog→cat', 'bad'],
      ['dog', 'good'],
    ]);
  });

  it('shows the first of many, and refuses what is no picture', () => {
    expect(pictures(imageGrid(tf.zeros([50, 2, 2]), { limit: 4 }))).toHaveLength(4);
    expect(() => imageGrid(tf.zeros([4, 784]))).toThrow(/\[4, 784\][\s\S]*reshape/);
    expect(() => imageGrid(tf.zeros([4, 5, 5, 2]))).toThrow(/1, 3 or 4 channels/);
  });
});

describe('schedulePreview', () => {
  const optimizer = () => new Adam([parameter(tf.zeros([1]))], { lr: 0.1 });

  it('gives the learning rates of every step', () => {
    const figure = schedulePreview(() => new StepLR(optimizer(), { stepSize: 2, gamma: 0.5 }), 5);
    expect(curves(figure).series[0]?.y).toEqual([0.1, 0.1, 0.05, 0.05, 0.025, 0.025]);
  });

  it('leaves a scheduler in use as it was', () => {
    const adam = optimizer();
    const scheduler = new OneCycleLR(adam, { maxLr: 0.1, totalSteps: 20 });
    for (let i = 0; i < 3; i++) scheduler.step();
    const before = JSON.stringify([scheduler.stateDict(), adam.paramGroups.map(({ params: _, ...group }) => group)]);
    const figure = schedulePreview({ optimizer: adam, lrScheduler: { scheduler } } as never, 10);
    expect(figure.panels.map(({ title }) => title)).toEqual(['learning rate', 'momentum']);
    const after = JSON.stringify([scheduler.stateDict(), adam.paramGroups.map(({ params: _, ...group }) => group)]);
    expect(after).toBe(before);
  });

  it('says what it needs', () => {
    expect(() => schedulePreview((() => optimizer()) as never, 3)).toThrow(/no scheduler to preview/);
    expect(() => schedulePreview(new ReduceLROnPlateau(optimizer(), {}), 3)).toThrow();
  });
});
