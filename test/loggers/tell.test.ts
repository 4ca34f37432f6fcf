import * as tf from '@tensorflow/tfjs-core';
import { DataModule, Module, parameter, SGD, Trainer, type Logger } from 'strobe';
import { describe, expect, it } from 'vitest';

class Net extends Module {
  readonly w = parameter(tf.scalar(1));
  override trainingStep(): tf.Scalar {
    const loss = tf.mean<tf.Scalar>(tf.square(this.w.variable));
    this.log('loss', loss);
    return loss;
  }
  override configureOptimizers(): SGD {
    return new SGD([this.w], { lr: 0.1 });
  }
}

class Notes implements Logger {
  readonly calls: string[] = [];
  readonly hparams: Record<string, unknown>[] = [];
  logMetrics(_metrics: Record<string, number>, step: number): void {
    this.calls.push(`logMetrics(${step})`);
  }
  logHyperparams(hparams: Record<string, unknown>): void {
    this.hparams.push(hparams);
  }
  finalize(status: string): void {
    this.calls.push(`finalize(${status})`);
  }
}

const trainerWith = (...logger: Logger[]) =>
  new Trainer({
    maxEpochs: 1,
    logEveryNSteps: 1,
    backend: 'cpu',
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
    logger,
  });
const batches = () => [tf.scalar(1), tf.scalar(1)];

describe('several loggers', () => {
  it('are all told the same', async () => {
    const [a, b] = [new Notes(), new Notes()];
    const trainer = trainerWith(a, b);
    await trainer.fit(new Net(), batches());
    expect(trainer.loggers).toEqual([a, b]);
    expect(a.calls).toEqual(['logMetrics(0)', 'logMetrics(1)', 'finalize(success)']);
    expect(b.calls).toEqual(a.calls);
  });

  it('are all finalized when one of them fails, and the run fails with its name', async () => {
    class Disk extends Notes {
      override logMetrics(): void {
        throw new Error('no space left');
      }
    }
    const [before, after] = [new Notes(), new Notes()];
    const ends: string[] = [];
    const module = new Net();
    Object.assign(module, { onTrainEnd: () => ends.push('onTrainEnd'), onFitEnd: () => ends.push('onFitEnd') });
    const trainer = trainerWith(before, new Disk(), after);
    const failed = await trainer.fit(module, batches()).catch((error: unknown) => error as Error);
    expect((failed as Error).message).toMatch(/logMetrics of Disk failed[^]*no space left/);
    expect(((failed as Error).cause as Error).message).toBe('no space left');
    expect(trainer.status).toBe('failed');
    expect(ends).toEqual(['onTrainEnd', 'onFitEnd']);
    for (const { calls } of [before, after]) expect(calls).toEqual(['logMetrics(0)', 'finalize(failed)']);
  });

  it.each(['logHyperparams', 'finalize'] as const)('name the one that throws in %s', async (method) => {
    const broken = Object.assign(new Notes(), { [method]: () => Promise.reject(new Error('gone')) });
    const other = new Notes();
    await expect(trainerWith(broken, other).fit(new Net(), batches())).rejects.toThrow(`${method} of Notes failed`);
    expect(other.calls.filter((call) => call.startsWith('finalize'))).toHaveLength(1);
  });
});

describe('hyper-parameters', () => {
  class Numbers extends DataModule {
    override readonly hparams: Record<string, unknown>;
    constructor(hparams: Record<string, unknown>) {
      super();
      this.hparams = hparams;
    }
    override trainDataloader(): tf.Tensor[] {
      return batches();
    }
  }

  it('of module and data module are logged together', async () => {
    const [module, notes] = [new Net(), new Notes()];
    module.saveHyperparameters({ lr: 0.1, seed: 1 });
    await trainerWith(notes).fit(module, new Numbers({ batchSize: 2, seed: 1 }));
    expect(notes.hparams).toEqual([{ lr: 0.1, seed: 1, batchSize: 2 }]);
  });

  it('that contradict each other are refused', async () => {
    const module = new Net();
    module.saveHyperparameters({ seed: 1 });
    await expect(trainerWith(new Notes()).fit(module, new Numbers({ seed: 2 }))).rejects.toThrow(
      /called seed[^]*1 and 2/,
    );
  });
});
