import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSVLogger, type Logger } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lines = async (logger: CSVLogger) =>
  (await readFile(join(logger.logDir, 'metrics.csv'), 'utf8')).trim().split('\n');

describe('a CSVLogger', () => {
  it('takes the next free version, and writes the sorted union of all keys', async () => {
    const [first, second] = [new CSVLogger({ saveDir: folder }), new CSVLogger({ saveDir: folder })];
    await first.logMetrics({ b: 1 }, 0);
    await first.logMetrics({ a: 2 }, 1);
    await first.save();
    expect(await lines(first)).toEqual(['a,b,step', ',1,0', '2,,1']);
    expect([first.version, second.version]).toEqual([0, 1]);
    expect(second.logDir).toBe(join(folder, 'lightning_logs', 'version_1'));
  });

  it('writes when there are flushLogsEveryNSteps rows, with a prefix, and hyper-parameters as YAML', async () => {
    const logger = new CSVLogger({
      saveDir: folder,
      name: 'flushed',
      version: 'mine',
      prefix: 'p',
      flushLogsEveryNSteps: 2,
    });
    await logger.logMetrics({ a: 1 }, 0);
    await logger.logMetrics({ a: 2 }, 1);
    expect(await lines(logger)).toEqual(['p-a,step', '1,0', '2,1']);
    await logger.logHyperparams({ lr: 0.1, names: ['x'] });
    expect(await readFile(join(logger.logDir, 'hparams.yaml'), 'utf8')).toBe('lr: 0.1\nnames: ["x"]\n');
    expect(logger.logDir).toBe(join(folder, 'flushed', 'mine'));
  });

  it('takes back the rows after the point a run goes back to', async () => {
    class Logging extends OneWeight {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        this.log('batch', batchIdx);
        return super.trainingStep(batch, batchIdx);
      }
    }
    const logger = new CSVLogger({ saveDir: folder, name: 'rewound' });
    const run = quietTrainer({ logger, logEveryNSteps: 1 }).run(new Logging(), upTo(5));
    await run.step(4);
    await run.rewind(2);
    await run.stop();
    expect(await lines(logger)).toEqual(['batch,epoch,step', '0,0,0', '1,0,1']);
  });
});

describe('a logger that throws', () => {
  it('fails the fit by name, its end hooks run, and the others are finalized', async () => {
    const finalized: string[] = [];
    const broken: Logger = {
      logMetrics() {
        throw new RangeError('disk full');
      },
      finalize: () => void finalized.push('broken'),
    };
    const other: Logger = { logMetrics: () => undefined, finalize: (status) => void finalized.push(status) };
    let ended = 0;
    class Logging extends OneWeight {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        this.log('batch', batchIdx);
        return super.trainingStep(batch, batchIdx);
      }
      override onTrainEnd(): void {
        ended += 1;
      }
    }
    const trainer = quietTrainer({ logger: [broken, other], logEveryNSteps: 1 });
    await expect(trainer.fit(new Logging(), upTo(2))).rejects.toThrow(/logMetrics of a logger.*disk full/s);
    expect({ ended, finalized }).toEqual({ ended: 1, finalized: ['broken', 'failed'] });
    expect(await quietTrainer().fit(new OneWeight(), upTo(2))).toMatchObject({ outcome: 'completed' });
  });
});
