import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Adam, LearningRateFinder, lrFind, SGD, StepLR, type OptimizerConfig } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';
import { oracle } from '../support/oracle.js';
import { scratchFolder } from '../support/scripted.js';

const folder = scratchFolder();
beforeAll(async () => {
  await tf.setBackend('cpu');
});

class Quadratic extends OneWeight {
  override trainingStep(batch: tf.Tensor, _batchIdx: number) {
    return tf.mean<tf.Scalar>(tf.square(tf.sub(tf.mul(tf.add(batch, tf.randomNormal([1])), this.w.variable), 3)));
  }
  override configureOptimizers(): OptimizerConfig {
    const optimizer = new SGD(this.parameters(), { lr: this.lr });
    return { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1, gamma: 0.5 }) };
  }
}

const options = { numTrainingSteps: 40, minLr: 1e-4, maxLr: 1 };

it('wrong options are named with what they were given to', async () => {
  const wrong = { numTraining: 1 };
  await expect(lrFind(quietTrainer(), new Quadratic(), upTo(1), wrong)).rejects.toThrow(
    /^lrFind: wrong value for numTraining/,
  );
  expect(() => new LearningRateFinder({ numTrainingSteps: 1 })).toThrow(/^new LearningRateFinder: wrong value/);
});

describe('a learning-rate finder', () => {
  it('goes before the fit, which then goes as with that learning rate from the start', async () => {
    const model = new Quadratic();
    const callback = new LearningRateFinder(options);
    await quietTrainer({ maxEpochs: 3, callbacks: [callback] }).fit(model, upTo(4));
    const lr = callback.optimalLr?.suggestion() as number;
    expect(lr).toBeGreaterThan(1e-4);
    expect(model.lr).toBe(lr);

    const whole = new Quadratic();
    whole.lr = lr;
    const trainer = quietTrainer({ maxEpochs: 3 });
    await trainer.fit(whole, upTo(4));
    expect(model.value).toBe(whole.value);
    // The same sweep as lrFind's.
    const { numTrainingSteps: numTraining, ...rest } = options;
    const found = await lrFind(quietTrainer(), new Quadratic(), upTo(4), { ...rest, numTraining });
    expect(found).toEqual(callback.optimalLr);
  });

  it('writes the rate into every group where the optimizer does not look at the field', async () => {
    class Fixed extends Quadratic {
      override configureOptimizers() {
        return new Adam([{ params: [this.w], lr: 0.02 }]);
      }
    }
    const model = new Fixed();
    const trainer = quietTrainer({ callbacks: [new LearningRateFinder(options)] });
    await trainer.fit(model, upTo(4));
    expect(trainer.optimizers[0]?.paramGroups.map(({ lr }) => lr)).toEqual([model.lr]);
    expect(model.lr).not.toBe(0.02);
  });

  it('lrf.errors: needs a field to write to, unless it shall write nothing; lrFind writes when asked to', async () => {
    const { expect: wanted } = oracle('lr_finder').called<object, { errors: string[] }>('lrf.errors');
    expect(wanted.errors[1]).toMatch(/should have one of these fields: \('lr', 'learning_rate'\)/);
    class Nameless extends Quadratic {
      constructor() {
        super();
        delete (this as Partial<Quadratic>).lr;
      }
      override configureOptimizers() {
        return new SGD(this.parameters(), { lr: 0.1 });
      }
    }
    const fit = async (given: object) => {
      const trainer = quietTrainer({ callbacks: [new LearningRateFinder({ ...options, ...given })] });
      await trainer.fit(new Nameless(), upTo(4));
      return trainer.optimizers[0]?.lr;
    };
    await expect(fit({})).rejects.toThrow(/should have one of these fields: 'lr', 'learningRate'/);
    await expect(fit({ attrName: 'rate' })).rejects.toThrow(/'rate'/);
    expect(await fit({ updateAttr: false })).toBe(0.1);

    const model = new Quadratic();
    const found = await lrFind(quietTrainer(), model, upTo(4), { numTraining: 40, minLr: 1e-4, updateAttr: true });
    expect(model.lr).toBe(found.suggestion());
  });

  it('a fit that goes on from a checkpoint sweeps no more', async () => {
    const path = folder('resume.ckpt');
    const make = () => quietTrainer({ maxEpochs: 3, callbacks: [new LearningRateFinder(options)] });
    const whole = new Quadratic();
    const run = make().run(whole, upTo(4));
    await run.epoch(2);
    await run.save(path);
    await run.finish();
    let steps = 0;
    class Counting extends Quadratic {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        steps += 1;
        return super.trainingStep(batch, batchIdx);
      }
    }
    const model = new Counting();
    await make().fit(model, upTo(4), { ckptPath: path });
    expect([model.value, model.lr, steps]).toEqual([whole.value, whole.lr, 4]);
  });

  it('leaves the learning rate where there is nothing to suggest, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const model = new Quadratic();
    const callbacks = [new LearningRateFinder({ numTrainingSteps: 5 })];
    await quietTrainer({ callbacks }).fit(model, upTo(2));
    expect(model.lr).toBe(0.1);
    expect(warn.mock.calls.flat().join()).toMatch(/nothing to suggest/);
    warn.mockRestore();
  });

  it('counts a batch that the module passes over as no number, and goes on', async () => {
    class Skipping extends Quadratic {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        return batchIdx === 1 ? (undefined as never) : super.trainingStep(batch, batchIdx);
      }
    }
    const { losses } = await lrFind(quietTrainer(), new Skipping(), upTo(4), { numTraining: 8 });
    expect(losses.map(Number.isNaN)).toEqual([false, true, false, false, false, true, false, false]);
  });
});
