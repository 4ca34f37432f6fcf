import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type * as tf from '@tensorflow/tfjs';
import { CSVLogger } from 'strobe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let saveDir: string;
beforeEach(async () => {
  saveDir = await mkdtemp(join(tmpdir(), 'strobe-csv-'));
});
afterEach(() => rm(saveDir, { recursive: true }));

const fileOf = (logger: CSVLogger) => readFile(join(logger.logDir, 'metrics.csv'), 'utf8');

describe('CSVLogger', () => {
  it('refuses options it does not have, and values that cannot be', () => {
    expect(() => new CSVLogger({ savedir: saveDir } as never)).toThrow(/no option savedir[^]*saveDir, name, version/);
    expect(() => new CSVLogger({ version: 1.5 })).toThrow(/version[^]*a whole number from 0 up, or a string[^]*1\.5/);
    expect(new CSVLogger({ saveDir, prefix: undefined as never }).prefix).toBe('');
  });

  it('takes the next free version', async () => {
    await mkdir(join(saveDir, 'lightning_logs', 'version_4'), { recursive: true });
    expect(new CSVLogger({ saveDir }).version).toBe(5);
    expect(new CSVLogger({ saveDir, version: 'mine' }).logDir).toBe(join(saveDir, 'lightning_logs', 'mine'));
  });

  it('writes one row a step under the sorted union of all names', async () => {
    const logger = new CSVLogger({ saveDir });
    await logger.logMetrics({ b: 1 }, 0);
    await logger.save();
    await logger.logMetrics({ a: 2 }, 0);
    await logger.logMetrics({ a: 3, c: 4 }, 5);
    await logger.save();
    await logger.logMetrics({ b: 5 }, 6);
    await logger.finalize();
    expect(await fileOf(logger)).toBe('a,b,c,step\n2,1,,0\n3,,4,5\n,5,,6\n');
  });

  it('keeps rows in memory until there are enough of them', async () => {
    const logger = new CSVLogger({ saveDir, flushLogsEveryNSteps: 2 });
    await logger.logMetrics({ a: 1 }, 0);
    expect(await readdir(logger.logDir)).toEqual([]);
    await logger.logMetrics({ a: 2 }, 1);
    expect(await fileOf(logger)).toBe('a,step\n1,0\n2,1\n');
  });

  it('puts its prefix before names, and quotes names with commas', async () => {
    const logger = new CSVLogger({ saveDir, prefix: 'run' });
    await logger.logMetrics({ 'a,b': 1 }, 0);
    await logger.save();
    expect(await fileOf(logger)).toBe('"run-a,b",step\n1,0\n');
  });

  it('writes hyper-parameters as YAML', async () => {
    const logger = new CSVLogger({ saveDir });
    await logger.logHyperparams({ lr: 0.1, layers: [1, 2], name: 'a: b' });
    expect(await readFile(join(logger.logDir, 'hparams.yaml'), 'utf8')).toBe('lr: 0.1\nlayers: [1,2]\nname: "a: b"\n');
  });

  it('keeps the rows of an earlier run in the same version', async () => {
    const folder = join(saveDir, 'lightning_logs', 'mine');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'metrics.csv'), 'old\n');
    const logger = new CSVLogger({ saveDir, version: 'mine' });
    await logger.logMetrics({ a: 1 }, 0);
    await logger.save();
    expect(await readFile(join(folder, 'metrics-1.csv'), 'utf8')).toBe('old\n');
    expect(await fileOf(logger)).toBe('a,step\n1,0\n');
  });

  it('forks into a version of its own with the rows and hyper-parameters so far', async () => {
    const logger = new CSVLogger({ saveDir });
    await logger.logHyperparams({ lr: 0.1 });
    await logger.logMetrics({ a: 1 }, 0);
    await logger.save();
    const fork = logger.fork();
    await fork.logMetrics({ a: 2 }, 1);
    await fork.save();
    expect(fork.version).toBe(1);
    expect(await readFile(join(fork.logDir, 'hparams.yaml'), 'utf8')).toBe('lr: 0.1\n');
    expect(await fileOf(fork)).toBe('a,step\n1,0\n2,1\n');
    expect(await fileOf(logger)).toBe('a,step\n1,0\n');
  });

  it('takes back the rows after the point a run goes back to', async () => {
    class Logging extends OneWeight {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        this.log('batch', batchIdx);
        return super.trainingStep(batch, batchIdx);
      }
    }
    const logger = new CSVLogger({ saveDir });
    const run = quietTrainer({ logger, logEveryNSteps: 1 }).run(new Logging(), upTo(5));
    await run.step(4);
    await logger.save();
    await run.rewind(2);
    await run.stop();
    expect(await fileOf(logger)).toBe('batch,epoch,step\n0,0,0\n1,0,1\n');
  });

  it('writes the same file however often it is saved, and with whatever was taken back in between', async () => {
    const rows = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), stay: fc.boolean(), save: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(rows, rows, async (kept, undone) => {
        const plain = new CSVLogger({ saveDir });
        const busy = new CSVLogger({ saveDir });
        let step = 0;
        for (const { key, stay, save } of kept) {
          step += stay ? 0 : 1;
          await plain.logMetrics({ [key]: step }, step);
          await busy.logMetrics({ [key]: step }, step);
          if (save) await busy.save();
        }
        const state = busy.stateDict();
        for (const { key, stay, save } of undone) {
          await busy.logMetrics({ [key]: -1 }, step + (stay ? 0 : 1));
          if (save) await busy.save();
        }
        busy.loadStateDict(state);
        for (const logger of [plain, busy]) {
          await logger.logMetrics({ end: 1 }, step + 1);
          await logger.save();
        }
        expect(await fileOf(busy)).toBe(await fileOf(plain));
      }),
      { numRuns: 50 },
    );
  });
});
