import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Adam,
  BackboneFinetuning,
  BaseFinetuning,
  Callback,
  GradientAccumulationScheduler,
  Module,
  SGD,
  type OptimizerConfig,
  type Trainer,
} from 'strobe';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-finetuning-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const seeded = (seed: number) => tf.initializers.glorotUniform({ seed });

class Transfer extends Module {
  readonly backbone = tf.sequential({
    layers: [
      tf.layers.dense({ units: 3, inputShape: [2], kernelInitializer: seeded(1) }),
      tf.layers.batchNormalization(),
    ],
  });
  readonly head = tf.sequential({
    layers: [tf.layers.dense({ units: 1, inputShape: [3], kernelInitializer: seeded(2) })],
  });
  readonly rates: number[][] = [];
  readonly kernels: number[] = [];

  override trainingStep(x: tf.Tensor): tf.Scalar {
    const features = this.backbone.apply(x, { training: this.training }) as tf.Tensor;
    return tf.mean<tf.Scalar>(tf.square(this.head.apply(features) as tf.Tensor));
  }
  override configureOptimizers(): OptimizerConfig {
    return new Adam(this.parameters().filter(({ requiresGrad }) => requiresGrad), { lr: 0.1 }); // prettier-ignore
  }
  override onTrainEpochEnd(): void {
    this.rates.push(this.trainer.optimizers[0]!.paramGroups.map(({ lr }) => Number(lr.toFixed(6))));
    const kernel = this.parameters().find(({ name }) => name.startsWith('backbone.dense'));
    this.kernels.push(tf.tidy(() => tf.sum((kernel as { variable: tf.Variable }).variable).dataSync()[0] as number));
  }
}

const data = Array.from({ length: 2 }, (_, i) => tf.randomNormal([4, 2], 0, 1, 'float32', i + 1));
const bits = (module: Module) => module.parameters().map(({ variable }) => [...variable.dataSync()]);

describe('fine-tuning', () => {
  it('adds a group at a tenth of the learning rate: fine.add_group', () => {
    const { given, expect: wanted } = oracle('finetuning').called<
      { 'optimizer lr': number; initial_denom_lr: number },
      { 'new group lr': number; groups: number }
    >('fine.add_group');
    const [held, added] = [new OneWeight(), new OneWeight()];
    const optimizer = new SGD(held.parameters(), { lr: given['optimizer lr'] });
    BaseFinetuning.freeze(added);
    BaseFinetuning.unfreezeAndAddParamGroup(added, optimizer, { initialDenomLr: given.initial_denom_lr });
    expect(optimizer.paramGroups.map(({ lr }) => lr)[1]).toBeCloseTo(wanted['new group lr'], 12);
    expect(optimizer.paramGroups).toHaveLength(wanted.groups);
    expect(added.w.requiresGrad).toBe(true);
  });

  it('trains the backbone from its epoch on, its rate rising to that of the head', async () => {
    const callbacks = [new BackboneFinetuning({ unfreezeBackboneAtEpoch: 2 })];
    const model = new Transfer();
    await quietTrainer({ maxEpochs: 7, callbacks }).fit(model, data);
    expect(model.rates).toEqual([[0.1], [0.1], [0.1, 0.01], [0.1, 0.02], [0.1, 0.04], [0.1, 0.08], [0.1, 0.1]]);
    expect(model.kernels[1]).toBe(model.kernels[0]);
    expect(model.kernels[2]).not.toBe(model.kernels[1]);
    const norms = model.parameters().filter(({ name }) => /gamma|beta/.test(name));
    expect(norms).toHaveLength(2);
  });

  it('gives the optimizer the BatchNorm layers, too, where it was made without the backbone', async () => {
    class HeadFirst extends Transfer {
      override configureOptimizers(): OptimizerConfig {
        return new Adam(this.parameters().filter(({ name }) => name.startsWith('head')), { lr: 0.1 }); // prettier-ignore
      }
    }
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const trainer = quietTrainer({
      maxEpochs: 2,
      callbacks: [new BackboneFinetuning({ unfreezeBackboneAtEpoch: 1 })],
    });
    await trainer.fit(new HeadFirst(), data);
    const added = trainer.optimizers[0]?.paramGroups[1]?.params.map(({ name }) => name.split('.').at(-1));
    expect(added).toEqual(['kernel', 'bias', 'gamma', 'beta']);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('finds BatchNorm layers in records, too, and leaves them trainable', () => {
    class Parts extends Module {
      readonly layers = {
        dense: tf.layers.dense({ units: 2, inputShape: [2] }),
        norm: tf.layers.batchNormalization({ inputShape: [2] }),
      };
    }
    const parts = new Parts();
    for (const layer of Object.values(parts.layers)) layer.build([null, 2]);
    BaseFinetuning.freeze(parts);
    const trainable = parts.parameters().filter(({ requiresGrad }) => requiresGrad);
    expect(trainable.map(({ name }) => name)).toEqual(['layers.norm.gamma', 'layers.norm.beta']);
  });

  it('goes back before the unfreezing and on again, and resumes after it, bit for bit', async () => {
    const make = () =>
      quietTrainer({ maxEpochs: 4, callbacks: [new BackboneFinetuning({ unfreezeBackboneAtEpoch: 2 })] });
    const whole = new Transfer();
    await make().fit(whole, data);
    const model = new Transfer();
    const run = make().run(model, data);
    await run.epoch(3);
    const path = join(folder, 'unfrozen.ckpt');
    await run.save(path);
    await run.rewind({ step: 1 });
    expect(run.trainer.optimizers[0]?.paramGroups).toHaveLength(1);
    await run.finish();
    expect(bits(model)).toEqual(bits(whole));
    const resumed = new Transfer();
    await make().fit(resumed, data, { ckptPath: path });
    expect(bits(resumed)).toEqual(bits(whole));
  });

  it('knows its own group, whatever groups come after it, and says its rates above the bars', async () => {
    const print = vi.spyOn(console, 'log').mockReturnValue();
    class Another extends Callback {
      override onTrainEpochEnd(trainer: Trainer): void {
        const [optimizer] = trainer.optimizers;
        if (trainer.currentEpoch === 1) optimizer?.addParamGroup({ params: [new OneWeight().w], lr: 0.7 });
      }
    }
    const finetuning = new BackboneFinetuning({ unfreezeBackboneAtEpoch: 1, verbose: true });
    const model = new Transfer();
    await quietTrainer({ maxEpochs: 3, callbacks: [finetuning, new Another()] }).fit(model, data);
    expect(model.rates).toEqual([[0.1], [0.1, 0.01, 0.7], [0.1, 0.02, 0.7]]);
    expect(print.mock.calls.flat()).toEqual([
      'Current lr: 0.1, Backbone lr: 0.01',
      'Current lr: 0.1, Backbone lr: 0.02',
    ]);
    print.mockRestore();
  });

  it.each([
    [{ unfreezeBackboneAtEpoch: -1 }, /unfreezeBackboneAtEpoch/],
    [{ lambdaFunc: 2 }, /a function of the epoch/],
    [{ unfreezeAtEpoch: 2 }, /there is no option unfreezeAtEpoch/],
  ])('refuses %o', (options, message) => {
    expect(() => new BackboneFinetuning(options as never)).toThrow(message);
  });

  it('needs a backbone', async () => {
    const trainer = quietTrainer({ callbacks: [new BackboneFinetuning()] });
    await expect(trainer.fit(new OneWeight(), upTo(1))).rejects.toThrow(/a property `backbone`/);
  });
});

describe('a schedule of gradient accumulation', () => {
  it('changes with the epoch', async () => {
    const callbacks = [new GradientAccumulationScheduler({ scheduling: { 1: 2, 3: 4 } })];
    const trainer = quietTrainer({ maxEpochs: 4, callbacks });
    const { steps } = await trainer.fit(new OneWeight(), upTo(4));
    expect(steps).toBe(4 + 2 + 2 + 1);
  });

  it('refuses what makes no sense', async () => {
    for (const scheduling of [{}, { 0: 0 }, { [-1]: 2 }, { 1: 1.5 }] as Record<number, number>[]) {
      expect(() => new GradientAccumulationScheduler({ scheduling })).toThrow(/wrong value for scheduling/);
    }
    const callbacks = [new GradientAccumulationScheduler({ scheduling: { 0: 2 } })];
    const both = quietTrainer({ accumulateGradBatches: 2, callbacks });
    await expect(both.fit(new OneWeight(), upTo(1))).rejects.toThrow(/leave one of the two out/);
  });
});
