import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSVLogger, HOOK_NAMES, type Module, type Logger, type LogOptions, type Metrics } from 'strobe';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

const { called } = oracle('logging');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-logging-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class Noted implements Logger {
  readonly calls: [Metrics, number][] = [];
  logMetrics(metrics: Metrics, step: number): void {
    this.calls.push([metrics, step]);
  }
}

/** Logs batch by batch, as `step` says. */
class Logging extends OneWeight {
  constructor(readonly note: (model: Module, batchIdx: number) => void) {
    super();
  }
  override trainingStep(batch: tf.Tensor, batchIdx: number) {
    this.note(this, batchIdx);
    return super.trainingStep(batch, batchIdx);
  }
}

describe('the recorded cases', () => {
  it('log.csv_every2: what was logged where, in rows', async () => {
    const { expect: wanted } = called<unknown, { csv: string }>('log.csv_every2');
    const logger = new CSVLogger({ saveDir: folder });
    const epochOnly = { onStep: false, onEpoch: true };
    class Recorded extends OneWeight {
      override trainingStep(batch: tf.Tensor) {
        const value = tf.mean(batch);
        this.log('a', value);
        this.log('b', value, { onStep: true, onEpoch: true });
        this.log('c', value, epochOnly);
        this.log('bs1', value, { ...epochOnly, batchSize: 1 });
        this.log('mn', value, { ...epochOnly, reduce: 'min' });
        this.log('mx', value, { ...epochOnly, reduce: 'max' });
        this.log('sm', value, { ...epochOnly, reduce: 'sum' });
        return tf.mul<tf.Scalar>(value, this.w.variable);
      }
    }
    const batches = [tf.tensor1d([0, 1]), tf.tensor1d([2, 3]), tf.tensor1d([4])];
    await quietTrainer({ logger, logEveryNSteps: 2 }).fit(new Recorded(), batches);
    const table = (csv: string) => csv.trim().split('\n').map((line) => line.split(',')); // prettier-ignore
    const [header, ...rows] = table(await readFile(join(logger.logDir, 'metrics.csv'), 'utf8'));
    const [wantedHeader, ...wantedRows] = table(wanted.csv);
    expect(header).toEqual(wantedHeader);
    // The peer computes in float32, and prints it.
    const float32 = (rows: string[][]) => rows.map((row) => row.map((cell) => cell && Math.fround(Number(cell))));
    expect(float32(rows)).toEqual(float32(wantedRows));
  });

  it('log.names: where a metric goes, and under which names', async () => {
    const { expect: wanted } = called<unknown, { logged: string[]; pbar: string[] }>('log.names');
    const logger = new Noted();
    const bar: LogOptions = { progBar: true, logger: false };
    const step: LogOptions = { onStep: true, onEpoch: false };
    const epoch: LogOptions = { onStep: false, onEpoch: true };
    const both: LogOptions = { onStep: true, onEpoch: true };
    const model = new Logging((m) => {
      m.log('default', 1);
      m.log('l_s', 1, step);
      m.log('l_e', 1, epoch);
      m.log('l_se', 1, both);
      m.log('p_s', 1, { ...bar, ...step });
      m.log('p_e', 1, { ...bar, ...epoch });
      m.log('p_se', 1, { ...bar, ...both });
    });
    const trainer = quietTrainer({ logger, logEveryNSteps: 1 });
    await trainer.fit(model, upTo(2));
    const logged = new Set(logger.calls.flatMap(([metrics]) => Object.keys(metrics)));
    expect([...logged].filter((name) => name !== 'epoch').sort()).toEqual([...wanted.logged].sort());
    expect(Object.keys(trainer.progressBarMetrics).sort()).toEqual([...wanted.pbar].sort());
    expect(Object.keys(trainer.callbackMetrics).sort()).toEqual(
      [...wanted.logged, ...wanted.pbar, 'l_se', 'p_se'].sort(),
    );
  });

  it.each([
    ['log.reduce.2', 11, 'max'],
    ['log.reduce.3', 5, 'avg'],
    ['log.reduce.4', 5, 'SUM'],
  ] as const)('%s: values reduced over the epoch', async (id, batches, reduce) => {
    const { expect: wanted } = called<unknown, { epoch_value: number }>(id);
    const model = new Logging((m, i) => m.log('value', i, { onStep: false, onEpoch: true, reduce }));
    const { metrics } = await quietTrainer().fit(model, upTo(batches));
    expect(metrics['value']).toBe(wanted.epoch_value);
  });

  it('log.steps: under which step', async () => {
    const { expect: wanted } = called<unknown, { calls: unknown }>('log.steps');
    const logger = new Noted();
    const model = new Logging((m) => m.log('foo', 0, { onStep: true, onEpoch: true }));
    await quietTrainer({ logger, logEveryNSteps: 1, maxEpochs: 2 }).fit(model, upTo(2));
    expect(logger.calls).toEqual(wanted.calls);
  });

  it('log.train_start: once, with the first epoch', async () => {
    const { expect: wanted } = called<unknown, { logger_calls: unknown }>('log.train_start');
    const logger = new Noted();
    class Starting extends OneWeight {
      override onTrainStart(): void {
        this.log('foo', 123);
      }
    }
    await quietTrainer({ logger, maxEpochs: 2 }).fit(new Starting(), upTo(1));
    expect(logger.calls).toEqual(wanted.logger_calls);
  });

  it('log.weighted: a mean over batches of several sizes', async () => {
    const { given, expect: wanted } = called<{ values: number[]; batch_sizes: number[] }, { mean: number }>(
      'log.weighted',
    );
    const model = new Logging((m, i) => m.log('value', given.values[i] as number, { onStep: true, onEpoch: true }));
    const trainer = quietTrainer();
    const batches = given.batch_sizes.map((size) => tf.ones([size]));
    const { metrics } = await trainer.fit(model, batches);
    expect(metrics['value_epoch']).toBeCloseTo(wanted.mean, 12);
  });

  it('log.twice: the same key with other options is an error', async () => {
    const model = new Logging((m) => {
      m.log('a', 1);
      m.log('a', 1, { onEpoch: true });
    });
    await expect(quietTrainer().fit(model, upTo(1))).rejects.toThrow(/twice in trainingStep with different arguments/);
  });

  it.each([
    [Math.max, 'function max'],
    ['constructor', '"constructor"'],
  ])('refuses to reduce by %o', async (reduce, said) => {
    const model = new Logging((module) => module.log('x', 1, { reduce } as never));
    await expect(quietTrainer().fit(model, upTo(1))).rejects.toThrow(
      `expected: 'mean', 'avg', 'min', 'max', 'sum'\n  received: ${said}`,
    );
  });

  it.each<[object, RegExp]>([
    [{ batchSize: 0 }, /log\('x'\): wrong value for batchSize[^]*a number above 0[^]*received: 0/],
    [{ batchSize: -4 }, /batchSize[^]*received: -4/],
    [{ batchSize: NaN }, /batchSize[^]*received: NaN/],
    [{ batchSize: '8' }, /batchSize[^]*received: "8"/],
    [{ progBar: 1 }, /wrong value for progBar[^]*true or false/],
    [{ logger: 'csv' }, /wrong value for logger[^]*true or false/],
    [{ onStep: 'yes' }, /wrong value for onStep/],
    [{ onEpoch: null }, /wrong value for onEpoch/],
    [{ addDataloaderIdx: 0 }, /wrong value for addDataloaderIdx/],
    [{ onepoch: true }, /there is no option onepoch[^]*progBar, logger, onStep, onEpoch, reduce, batchSize/],
  ])('refuses the options %o', async (options, message) => {
    const model = new Logging((module) => module.log('x', 1, options));
    await expect(quietTrainer().fit(model, upTo(1))).rejects.toThrow(message);
  });

  it.each([[undefined], [3], ['']])('refuses %o for a name', async (name) => {
    const model = new Logging((module) => module.log(name as never, 1));
    await expect(quietTrainer().fit(model, upTo(1))).rejects.toThrow(/a name[^]*received/);
  });

  it('says that a tensor it is given is disposed', async () => {
    const model = new Logging((module) => {
      const value = tf.scalar(1);
      value.dispose();
      module.log('x', value);
    });
    await expect(quietTrainer().fit(model, upTo(1))).rejects.toThrow(
      /log\('x'\) in trainingStep[^]*received: a disposed tensor/,
    );
  });

  it('log.levels: each hook has its level, or refuses', async () => {
    const { expect: wanted } = called<unknown, Record<'on_step default' | 'on_epoch default', string[]>>('log.levels');
    const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const named = (names: string[]) => new Set(names.map(camel));
    const [onStep, onEpoch] = [named(wanted['on_step default']), named(wanted['on_epoch default'])];
    const levels = new Map<string, string>();
    class Everywhere extends OneWeight {
      constructor() {
        super();
        for (const hook of HOOK_NAMES) Object.assign(this, { [hook]: () => this.note(hook) });
      }
      note(hook: string): void {
        try {
          this.log(`in_${hook}`, 1);
          levels.set(hook, 'logs');
        } catch {
          levels.set(hook, 'error');
        }
      }
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        this.note('trainingStep');
        return super.trainingStep(batch, batchIdx);
      }
      override predictStep(): void {}
      override validationStep(): void {
        this.note('validationStep');
      }
      override testStep(): void {
        this.note('testStep');
      }
    }
    const logger = new Noted();
    const trainer = quietTrainer({ logger, logEveryNSteps: 1, numSanityValSteps: 1 });
    const model = new Everywhere();
    await trainer.fit(model, { train: upTo(2), val: upTo(1) });
    const { callbackMetrics } = trainer;
    await trainer.test(model, upTo(1));
    await trainer.predict(model, upTo(1));
    for (const [hook, level] of levels) {
      expect([hook, level]).toEqual([hook, onStep.has(hook) || onEpoch.has(hook) ? 'logs' : 'error']);
    }
    const stepped = logger.calls.flatMap(([metrics]) => Object.keys(metrics)).filter((name) => name.startsWith('in_'));
    for (const hook of [...onStep].filter((name) => levels.has(name))) expect(stepped).toContain(`in_${hook}`);
    for (const hook of onEpoch) if (/rain|alid/.test(hook)) expect(callbackMetrics).toHaveProperty(`in_${hook}`);
  });
});
