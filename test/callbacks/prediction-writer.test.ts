import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { PredictionWriter, type PredictionWriterOptions } from 'strobe';
import { batches, quietTrainer, Scripted } from '../support/scripted.js';

class Net extends Scripted {
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, 2);
  }
}

class Writer extends PredictionWriter {
  readonly calls: unknown[] = [];
  override writeOnBatchEnd(
    ...[, , prediction, indices, , batchIdx, dataloaderIdx]: Parameters<
      NonNullable<PredictionWriter['writeOnBatchEnd']>
    >
  ): void {
    this.calls.push(['batch', (prediction as tf.Tensor).shape, indices, batchIdx, dataloaderIdx]);
  }
  override async writeOnEpochEnd(
    ...[, , predictions, indices]: Parameters<NonNullable<PredictionWriter['writeOnEpochEnd']>>
  ): Promise<void> {
    await Promise.resolve();
    this.calls.push(['epoch', predictions.map((each) => each.length), indices]);
  }
}

async function predict(options: PredictionWriterOptions, loaders: tf.Tensor[][]) {
  const writer = new Writer(options);
  const predictions = await quietTrainer({ callbacks: [writer] }).predict(
    new Net(),
    loaders.map((each) => ({ [Symbol.iterator]: () => each[Symbol.iterator]() })),
  );
  return { calls: writer.calls, predictions };
}

const batch = (batchIdx: number, indices: number[], dataloaderIdx = 0) => [
  'batch',
  [2],
  indices,
  batchIdx,
  dataloaderIdx,
];

it('writes after each batch, and numbers the samples', async () => {
  const { calls } = await predict({}, [batches(2)]);
  expect(calls).toEqual([batch(0, [0, 1]), batch(1, [2, 3])]);
});

it('writes once at the end; the predictions are still the caller’s', async () => {
  const { calls, predictions } = await predict({ writeInterval: 'epoch' }, [batches(2)]);
  expect(calls).toEqual([
    [
      'epoch',
      [2],
      [
        [
          [0, 1],
          [2, 3],
        ],
      ],
    ],
  ]);
  expect((predictions as tf.Tensor[]).map((each) => [...each.dataSync()])).toEqual([
    [2, 2],
    [2, 2],
  ]);
});

it('writes both, for each loader with numbers of its own', async () => {
  const { calls } = await predict({ writeInterval: 'batchAndEpoch' }, [batches(1), batches(2)]);
  expect(calls).toEqual([
    batch(0, [0, 1]),
    batch(0, [0, 1], 1),
    batch(1, [2, 3], 1),
    [
      'epoch',
      [1, 2],
      [
        [[0, 1]],
        [
          [0, 1],
          [2, 3],
        ],
      ],
    ],
  ]);
});

it('refuses other intervals, in the name of the class that was made', () => {
  expect(() => new Writer({ writeInterval: 'sometimes' as never })).toThrow(
    'new Writer: wrong value for writeInterval',
  );
});
