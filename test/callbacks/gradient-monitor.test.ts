import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Callback, GradientMonitor, Module, parameter, SGD, type GradientMonitorOptions, type Trainer } from 'strobe';
import { quietTrainer } from '../support/scripted.js';

/** Gradients known beforehand: [3, 4] for the layer's kernel, [12] for its bias, [-5] for w. */
class Net extends Module {
  readonly layer = { kernel: parameter(tf.zeros([2])), bias: parameter(tf.zeros([1])) };
  readonly w = parameter(tf.scalar(0));
  override trainingStep(): tf.Scalar {
    const { kernel, bias } = this.layer;
    const terms = [
      tf.sum(tf.mul(kernel.variable, [3, 4])),
      tf.sum(tf.mul(bias.variable, 12)),
      tf.mul(this.w.variable, -5),
    ];
    return tf.addN(terms as tf.Scalar[]);
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0 });
  }
}

async function norms(options: GradientMonitorOptions, callbacks: Callback[] = []) {
  const records: Record<string, number>[] = [];
  const logger = { logMetrics: (metrics: Record<string, number>) => void records.push(metrics) };
  const trainer = quietTrainer({
    maxEpochs: 1,
    logger,
    logEveryNSteps: 2,
    gradientClipVal: 0.1,
    callbacks: [...callbacks, new GradientMonitor(options)],
  });
  await trainer.fit(new Net(), [tf.ones([1]), tf.ones([1])]);
  expect(records).toHaveLength(1);
  const { epoch: _, ...metrics } = records[0] as Record<string, number>;
  return metrics;
}

describe('a GradientMonitor', () => {
  it('logs norms before clipping, of parameters, layers and everything', async () => {
    const metrics = await norms({});
    expect(metrics).toEqual({
      'grad_norm/total': expect.closeTo(Math.sqrt(9 + 16 + 144 + 25), 4),
      'grad_norm/layer': 13,
      'grad_norm/layer.kernel': 5,
      'grad_norm/layer.bias': 12,
      'grad_norm/w': 5,
      'grad_nan/total': 0,
    });
  });

  it.each([
    [1, { 'g/total': 24, 'g/layer': 19 }],
    [Infinity, { 'g/total': 12, 'g/layer': 12 }],
  ] as const)('knows norm %d', async (normType, expected) => {
    const options = { normType, prefix: 'g', per: ['total' as const, 'layer' as const], countNonFinite: false };
    expect(await norms(options)).toEqual(expected);
  });

  it('counts what is no number', async () => {
    class Spoil extends Callback {
      override onAfterBackward(trainer: Trainer, module: Module): void {
        const kernel = module.parameters().find(({ name }) => name === 'layer.kernel');
        if (kernel && trainer.progress.batchIdx === 1) kernel.grad = tf.tensor1d([NaN, Infinity]);
      }
    }
    const metrics = await norms({ per: ['total'] }, [new Spoil()]);
    expect(metrics).toMatchObject({ 'grad_nan/total': 2, 'grad_nan/layer.kernel': 2 });
    expect(metrics['grad_norm/total']).toBeNaN();
  });

  it('leaves no tensors behind', async () => {
    const grown: number[] = [];
    class Counting extends GradientMonitor {
      override onBeforeOptimizerStep(trainer: Trainer, module: Module): void {
        const before = tf.memory().numTensors;
        super.onBeforeOptimizerStep(trainer, module);
        grown.push(tf.memory().numTensors - before);
      }
    }
    await quietTrainer({ maxEpochs: 1, logEveryNSteps: 1, callbacks: [new Counting()] }).fit(new Net(), [tf.ones([1])]);
    expect(grown).toEqual([0]);
  });

  it('works where the module optimizes by hand', async () => {
    class Manual extends Net {
      override automaticOptimization = false;
      override trainingStep(): tf.Scalar {
        const loss = super.trainingStep();
        this.manualBackward(loss);
        (this.optimizers() as SGD).step();
        return loss;
      }
    }
    const trainer = quietTrainer({ maxEpochs: 1, logEveryNSteps: 1, callbacks: [new GradientMonitor()] });
    await trainer.fit(new Manual(), [tf.ones([1])]);
    expect(trainer.callbackMetrics['grad_norm/layer']).toBe(13);
  });

  it('refuses norms it does not know', () => {
    expect(() => new GradientMonitor({ normType: 3 })).toThrow('1, 2 or Infinity');
  });
});
