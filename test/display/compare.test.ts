import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { Module, parameter, SGD, Trainer } from 'strobe';
import { bundleOf, compareRuns, type CurvePanel } from 'strobe/display';

class Line extends Module {
  readonly w = parameter(tf.scalar(4));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.square(tf.mul(batch, this.w.variable))) as tf.Scalar;
    this.log('loss', loss);
    return loss;
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.01 });
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

async function runAndFork() {
  const run = new Trainer(quiet).run(new Line(), [tf.ones([2]), tf.ones([2]), tf.ones([2])]);
  await run.epoch();
  const fork = await run.fork({ name: 'faster' });
  for (const optimizer of fork.trainer.optimizers) optimizer.lr = 0.1;
  return { run, fork };
}

it('shows what differs between a run and its fork, and how they do', async () => {
  const { run, fork } = await runAndFork();
  await run.finish();
  await fork.finish();
  const { table, figure } = compareRuns([run, fork]);
  expect(table.columns).toEqual(['', 'run', 'faster']);
  const rows = new Map(table.rows.map(([name, ...values]) => [name, values]));
  expect(rows.get('lr')).toEqual(['0.01', '0.1']);
  expect([...rows.keys()]).toEqual(['status', 'position', 'lr', 'loss · last', 'loss · lowest']);
  const [slow = 0, fast = 0] = rows.get('loss · last') as number[];
  expect(fast).toBeLessThan(slow);
  expect(table.highlights.map(([row, column]) => [table.rows[row]?.[0], column])).toEqual([
    ['loss · last', 2],
    ['loss · lowest', 2],
  ]);
  const { series } = figure.panels[0] as CurvePanel;
  expect(series.map(({ name, x }) => [name, x])).toEqual([
    ['run', [0, 1, 2, 3, 4, 5]],
    ['faster', [0, 1, 2, 3, 4, 5]],
  ]);
  // Up to the fork they are the same run.
  expect(Array.from(series[0]?.y ?? []).slice(0, 3)).toEqual(Array.from(series[1]?.y ?? []).slice(0, 3));
});

it('compares runs that are not over, and shows table and plot together', async () => {
  const { run, fork } = await runAndFork();
  const comparison = compareRuns([run, fork]);
  expect(comparison.table.rows[0]).toEqual(['status', 'paused', 'paused']);
  const bundle = bundleOf(comparison);
  expect(bundle['text/html']).toMatch(/class="dataframe"[\s\S]*strobe-figure/);
  await run.stop();
  await fork.stop();
});
