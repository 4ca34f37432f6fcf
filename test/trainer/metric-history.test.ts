import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Module, parameter, SGD, Trainer } from 'strobe';
import { MetricHistory } from '../../src/trainer/metric-history.js';

class Line extends Module {
  readonly w = parameter(tf.scalar(1));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.mul(batch, this.w.variable)) as tf.Scalar;
    this.log('loss', loss);
    return loss;
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}

const quiet = {
  backend: 'cpu',
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
  logEveryNSteps: 1,
  maxEpochs: 2,
  seed: 1,
} as const;

const begun = () => new Trainer(quiet).run(new Line(), [tf.ones([2]), tf.ones([2]), tf.ones([2])]);

it('holds a row for each logged step, without any logger', async () => {
  const run = begun();
  await run.finish();
  expect(run.trainer.metricHistory.map(({ step, epoch }) => [step, epoch])).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 1],
    [5, 1],
  ]);
  expect(run.trainer.metricHistory[1]?.loss).toBeCloseTo(0.9);
});

it('goes back with a run', async () => {
  const run = begun();
  await run.step(4);
  await run.next();
  await run.rewind({ step: 2 });
  expect(run.trainer.metricHistory.map(({ step }) => step)).toEqual([0, 1]);
});

it('is taken along by a fork, which goes its own way', async () => {
  const run = begun();
  await run.step(3);
  const fork = await run.fork();
  await fork.finish();
  expect(fork.trainer.metricHistory).toHaveLength(6);
  expect(run.trainer.metricHistory.length).toBeLessThan(4);
});

it('is bounded, in order, and keeps its first and its newest row', () => {
  fc.assert(
    fc.property(fc.integer({ min: 30, max: 400 }), fc.integer({ min: 4, max: 9 }), (steps, perEpoch) => {
      const history = new MetricHistory(100);
      for (let step = 0; step < steps; step++) history.add({ step, epoch: Math.floor(step / perEpoch), loss: step });
      const kept = history.rows.map(({ step }) => step);
      expect(kept.length).toBeLessThanOrEqual(100);
      expect(kept[0]).toBe(0);
      expect(kept.at(-1)).toBe(steps - 1);
      expect(kept).toEqual([...kept].sort((a, b) => a - b));
    }),
  );
});
