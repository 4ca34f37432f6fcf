import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Callback,
  Module,
  parameter,
  SGD,
  StepLR,
  Trainer,
  type Optimizer,
  type OptimizerConfig,
  type TrainerOptions,
} from 'strobe';
import { RecordingCallback, RecordingModule, type Trace } from '../support/recorder.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-manual-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const quiet = (options: TrainerOptions = {}) =>
  new Trainer({
    maxEpochs: 1,
    backend: 'cpu',
    seed: 1,
    logger: false,
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
    defaultRootDir: folder,
    ...options,
  });

const batches = (count: number) => Array.from({ length: count }, (_, i) => tf.mul(tf.ones([4, 2]), i + 1));

/** Two networks against each other, as in a GAN: one wants the product large, the other small. */
class Rivals extends Module {
  generator = parameter(tf.tensor1d([0.5, -0.5]));
  critic = parameter(tf.tensor1d([0.25, 0.75]));
  readonly seen: boolean[][] = [];

  constructor() {
    super();
    this.automaticOptimization = false;
  }

  override configureOptimizers(): OptimizerConfig {
    return [new SGD([this.generator], { lr: 0.1 }), new SGD([this.critic], { lr: 0.05, momentum: 0.9 })];
  }

  score(x: tf.Tensor): tf.Scalar {
    const made = tf.mul(x, this.generator.variable);
    return tf.mean<tf.Scalar>(tf.tanh(tf.mul(made, this.critic.variable)));
  }

  override trainingStep(x: tf.Tensor): void {
    const [forGenerator, forCritic] = this.optimizers() as [Optimizer, Optimizer];
    this.toggleOptimizer(forGenerator);
    const first = this.score(x);
    this.manualBackward(first);
    this.seen.push([this.generator.grad !== null, this.critic.grad !== null]);
    forGenerator.step();
    forGenerator.zeroGrad();
    this.untoggleOptimizer(forGenerator);

    this.toggleOptimizer(forCritic);
    const second = tf.neg(this.score(x));
    this.manualBackward(second);
    forCritic.step();
    forCritic.zeroGrad();
    this.untoggleOptimizer(forCritic);
    this.log('score', first);
  }
}

describe('manual optimization', () => {
  it('trains two networks in turn, each with its own optimizer, as computed by hand', async () => {
    const model = new Rivals();
    const data = batches(5);
    await quiet().fit(model, data);

    const g = tf.variable(tf.tensor1d([0.5, -0.5]));
    const c = tf.variable(tf.tensor1d([0.25, 0.75]));
    const velocity = tf.variable(tf.zeros([2]));
    const score = (x: tf.Tensor) => tf.mean<tf.Scalar>(tf.tanh(tf.mul(tf.mul(x, g), c)));
    for (const x of data) {
      const forG = tf.variableGrads(() => score(x), [g]).grads[g.name] as tf.Tensor;
      g.assign(tf.sub(g, tf.mul(forG, 0.1)));
      const forC = tf.variableGrads(() => tf.neg(score(x)), [c]).grads[c.name] as tf.Tensor;
      velocity.assign(tf.add(tf.mul(velocity, 0.9), forC));
      c.assign(tf.sub(c, tf.mul(velocity, 0.05)));
    }
    const near = (a: tf.Tensor, b: tf.Tensor) => expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(1e-6);
    near(model.generator.variable, g);
    near(model.critic.variable, c);
  });

  it('counts every optimizer step, and computes gradients only for the toggled optimizer', async () => {
    const model = new Rivals();
    const trainer = quiet();
    const { steps, metrics } = await trainer.fit(model, batches(3));
    expect(steps).toBe(6);
    expect(model.seen).toEqual(Array.from({ length: 3 }, () => [true, false]));
    expect(model.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
    expect(metrics).toHaveProperty('score');
  });

  it('calls the hooks around the backward pass and the step, and no others', async () => {
    const trace: Trace = [];
    class ByHand extends RecordingModule {
      override trainingStep(batch: unknown, batchIdx: number): void {
        this.trace.push(`trainingStep(${batchIdx})`);
        const optimizer = this.optimizers() as Optimizer;
        this.manualBackward(this.forward(batch as tf.Tensor) as tf.Scalar);
        optimizer.step();
        optimizer.zeroGrad();
      }
    }
    const model = new ByHand(trace);
    model.automaticOptimization = false;
    model.batches.train = 1;
    const trainer = quiet({ callbacks: [new RecordingCallback(trace)], limitValBatches: 0 });
    await trainer.fit(model);
    const from = trace.indexOf('Callback.onTrainBatchStart(0)');
    expect(trace.slice(from, trace.indexOf('onTrainBatchEnd(0)') + 1)).toEqual([
      'Callback.onTrainBatchStart(0)',
      'onTrainBatchStart(0)',
      'trainingStep(0)',
      'forward',
      'Callback.onBeforeBackward',
      'onBeforeBackward',
      'Callback.onAfterBackward',
      'onAfterBackward',
      'Callback.onBeforeOptimizerStep',
      'onBeforeOptimizerStep',
      'Callback.onTrainBatchEnd(0)',
      'onTrainBatchEnd(0)',
    ]);
  });

  it('leaves schedulers, clipping and accumulation to the module', async () => {
    class Slow extends Rivals {
      override configureOptimizers() {
        const optimizers = super.configureOptimizers() as [SGD, SGD];
        return {
          optimizers,
          lrSchedulers: [{ scheduler: new StepLR(optimizers[0], { stepSize: 1 }), interval: 'step' as const }],
        };
      }
    }
    const trainer = quiet();
    await trainer.fit(new Slow(), batches(3));
    expect(trainer.optimizers[0]?.lr).toBe(0.1);
    await expect(quiet({ gradientClipVal: 1 }).fit(new Rivals(), batches(1))).rejects.toThrow(/clipGradients/);
    await expect(quiet({ accumulateGradBatches: 2 }).fit(new Rivals(), batches(1))).rejects.toThrow(/nth batch/);
  });

  it('clips with clipGradients', async () => {
    let norm = Infinity;
    class Clipped extends Rivals {
      override trainingStep(x: tf.Tensor): void {
        const [optimizer] = this.optimizers() as [Optimizer];
        this.manualBackward(tf.mul(this.score(x), 100));
        this.clipGradients(optimizer, { gradientClipVal: 0.5 });
        norm = tf.norm(this.generator.grad as tf.Tensor).dataSync()[0] as number;
        optimizer.step();
      }
    }
    await quiet().fit(new Clipped(), batches(1));
    expect(norm).toBeCloseTo(0.5, 5);
  });

  it('resumes bit-identically between batches, and refuses to be saved inside a step', async () => {
    const whole = new Rivals();
    await quiet().fit(whole, batches(6));
    const path = join(folder, 'rivals.ckpt');
    const run = quiet().run(new Rivals(), batches(6));
    await run.step(3);
    await run.save(path);
    const resumed = new Rivals();
    await quiet().fit(resumed, batches(6), { ckptPath: path });
    const bits = (m: Module) => m.parameters().map(({ variable }) => [...variable.dataSync()]);
    expect(bits(resumed)).toEqual(bits(whole));

    class Saver extends Callback {
      override async onAfterBackward(trainer: Trainer) {
        await trainer.saveCheckpoint(join(folder, 'never.ckpt'));
      }
    }
    await expect(quiet({ callbacks: [new Saver()] }).fit(new Rivals(), batches(1))).rejects.toThrow(
      /synchronous hooks/,
    );
  });

  it('leaves no tensor behind', async () => {
    const model = new Rivals();
    const data = batches(2);
    const trainer = quiet();
    await trainer.fit(model, data);
    trainer.dispose();
    const before = tf.memory().numTensors;
    const again = quiet({ maxEpochs: 5 });
    await again.fit(model, data);
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what is wrong when manualBackward is used otherwise', async () => {
    class Automatic extends Rivals {
      constructor() {
        super();
        this.automaticOptimization = true;
      }
      override configureOptimizers() {
        return new SGD(this.parameters(), { lr: 0.1 });
      }
      override trainingStep(x: tf.Tensor): void {
        this.manualBackward(this.score(x));
      }
    }
    await expect(quiet().fit(new Automatic(), batches(1))).rejects.toThrow(/automaticOptimization = false/);
    class Wide extends Rivals {
      override trainingStep(x: tf.Tensor): void {
        this.manualBackward(x as unknown as tf.Scalar);
      }
    }
    await expect(quiet().fit(new Wide(), batches(1))).rejects.toThrow(/float32 scalar/);
    expect(() => new Rivals().manualBackward(tf.scalar(1))).toThrow(/before a trainer holds the module/);
  });
});
