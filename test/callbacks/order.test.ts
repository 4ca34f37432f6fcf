import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import {
  DeviceStatsMonitor,
  EarlyStopping,
  GradientMonitor,
  LambdaCallback,
  LearningRateMonitor,
  MetricsHistory,
  ModelCheckpoint,
  OnExceptionCheckpoint,
  ThroughputMonitor,
  Timer,
  type Callback,
} from 'strobe';
import { readCheckpoint } from '../../src/checkpoint/store.js';
import { batches, quietTrainer, scratchFolder, Scripted } from '../support/scripted.js';

const folder = scratchFolder();

/** Every callback that watches, as it is made for a run whose files go to a folder. */
const KINDS: Record<string, (dirpath: string) => Callback> = {
  best: (dirpath) => new ModelCheckpoint({ dirpath, monitor: 'val_loss', saveTopK: 2, filename: 'best-{epoch}' }),
  steps: (dirpath) =>
    new ModelCheckpoint({ dirpath, everyNTrainSteps: 2, saveTopK: -1, filename: 'step-{step}', saveLast: true }),
  stopping: () => new EarlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true }),
  stoppingByLr: () => new EarlyStopping({ monitor: 'lr-SGD', patience: 4 }),
  rates: () => new LearningRateMonitor(),
  timer: () => new Timer({ duration: { hours: 1 } }),
  rescue: (dirpath) => new OnExceptionCheckpoint({ dirpath }),
  throughput: () => new ThroughputMonitor({ windowSize: 2 }),
  gradients: () => new GradientMonitor(),
  history: () => new MetricsHistory({ interval: 'both' }),
  devices: () => new DeviceStatsMonitor({ gpuStats: false }),
  lambda: () => new LambdaCallback({ onTrainEpochEnd: () => undefined }),
};

/** Trains with these callbacks in this order; what is left of it: the weights, and each file's name, weights and position. */
async function remains(names: readonly string[]) {
  const dirpath = folder();
  const model = new Scripted({ val: { val_loss: [3, 1, 2, 2, 2] } });
  const callbacks = names.map((name) => KINDS[name]?.(dirpath) as Callback);
  // Watched by name whether or not the monitor of learning rates is there.
  if (!names.includes('rates')) callbacks.push(new LearningRateMonitor());
  const logger = { logMetrics() {} };
  const trainer = quietTrainer({ maxEpochs: 5, seed: 1, logEveryNSteps: 2, logger, callbacks });
  const { outcome, epochs, steps } = await trainer.fit(model, { train: batches(3), val: batches(1) });
  const files = [];
  for (const name of readdirSync(dirpath).sort()) {
    const { stateDict, epoch, globalStep } = await readCheckpoint(join(dirpath, name));
    files.push([name, epoch, globalStep, [...(stateDict['w'] as tf.Tensor).dataSync()]]);
  }
  return { outcome, epochs, steps, weights: [...model.w.variable.dataSync()], files };
}

it('any callbacks that watch, in any order, leave the same weights and the same files', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const orders = fc
    .uniqueArray(fc.constantFrom(...Object.keys(KINDS)), { minLength: 2, maxLength: 5 })
    .map((names) => ['best', ...names.filter((name) => name !== 'best')])
    .chain((names) => fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length })));
  await fc.assert(
    fc.asyncProperty(orders, async ([names, shuffled]) => {
      expect(await remains(shuffled)).toEqual(await remains(names));
    }),
    { numRuns: 12 },
  );
}, 60_000);
