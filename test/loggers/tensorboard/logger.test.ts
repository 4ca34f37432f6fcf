import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSVLogger, TensorBoardLogger } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../../support/quiet.js';

const python = join(import.meta.dirname, '../../../.venv/bin/python');
const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
a = EventAccumulator(sys.argv[1], size_guidance={k: 0 for k in ('scalars', 'histograms', 'images', 'tensors')})
a.Reload()
tags = a.Tags()
hparams = {}
for tag, data in a.summary_metadata.items():
    if tag == '_hparams_/session_start_info':
        parsed = plugin_data_pb2.HParamsPluginData.FromString(data.plugin_data.content)
        hparams = {k: getattr(v, v.WhichOneof('kind')) for k, v in parsed.session_start_info.hparams.items()}
print(json.dumps({
    'scalars': {t: [[e.step, e.value] for e in a.Scalars(t)] for t in tags['scalars']},
    'histograms': {t: [[e.step, e.histogram_value.num, e.histogram_value.min, e.histogram_value.max, sum(e.histogram_value.bucket)] for e in a.Histograms(t)] for t in tags['histograms']},
    'images': {t: [[e.step, e.width, e.height, e.encoded_image_string[:4].hex()] for e in a.Images(t)] for t in tags['images']},
    'texts': {t: [e.tensor_proto.string_val[0].decode() for e in a.Tensors(t)] for t in tags['tensors'] if a.summary_metadata[t].plugin_data.plugin_name == 'text'},
    'hparams': hparams,
}))
`;

interface Read {
  scalars: Record<string, [number, number][]>;
  histograms: Record<string, [number, number, number, number, number][]>;
  images: Record<string, [number, number, number, string][]>;
  texts: Record<string, string[]>;
  hparams: Record<string, unknown>;
}

/** What TensorBoard itself finds in a folder. */
const read = (folder: string) => JSON.parse(execFileSync(python, ['-c', READER, folder], { encoding: 'utf8' })) as Read;

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-tensorboard-'));
  if (!existsSync(python))
    console.warn('SKIPPED: no .venv with tensorboard; `npm test` makes it where there is a Python.');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync(python))('what TensorBoard reads', { timeout: 60_000 }, () => {
  it('is what was logged: scalars, text, histograms, images, hyper-parameters', () => {
    const logger = new TensorBoardLogger({ saveDir: folder });
    logger.logHyperparams({ lr: 0.5, name: 'wide', deep: true, net: { units: 3 } });
    logger.logMetrics({ loss: 0.25, epoch: 0 }, 3);
    logger.logMetrics({ loss: 0.125, epoch: 0 }, 4);
    logger.logText('notes', '# Title', 1);
    logger.logHistogram('weights', tf.tensor1d([-1, 0, 0, 3]), 2);
    logger.logImage('digit', tf.ones([2, 5]), 2);
    logger.finalize('success');
    const { scalars, histograms, images, texts, hparams } = read(logger.logDir);
    expect(scalars).toEqual({
      loss: [[3, 0.25], [4, 0.125]],
      epoch: [[3, 0], [4, 0]],
      hp_metric: [[0, -1]],
    }); // prettier-ignore
    expect(histograms).toEqual({ weights: [[2, 4, -1, 3, 4]] });
    expect(images).toEqual({ digit: [[2, 5, 2, '89504e47']] });
    expect(texts).toEqual({ notes: ['# Title'] });
    expect(hparams).toEqual({ lr: 0.5, name: 'wide', deep: true, 'net/units': 3 });
  });

  it('goes back with a run, and a fork goes on in a place of its own', async () => {
    class Logging extends OneWeight {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        this.log('w', this.value);
        return super.trainingStep(batch, batchIdx);
      }
    }
    const logger = new TensorBoardLogger({ saveDir: folder, name: 'runs' });
    const csv = new CSVLogger({ saveDir: folder, name: 'rows' });
    const trainer = quietTrainer({ logger: [logger, csv], logEveryNSteps: 1 });
    const run = trainer.run(new Logging(), upTo(8));
    await run.step(6);
    await run.rewind(3);
    trainer.optimizers[0]!.lr = 0;
    const fork = await run.fork();
    await run.finish();
    await fork.finish();
    const steps = (of: TensorBoardLogger) => read(of.logDir).scalars['w']?.map(([step]) => step);
    expect(steps(logger)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const values = read(logger.logDir)
      .scalars['w']!.slice(3)
      .map(([, w]) => w);
    expect(new Set(values).size).toBe(1); // The learning rate was 0 from step 3 on: the rows before the rewind are gone.
    const [forked] = fork.trainer.loggers as [TensorBoardLogger];
    expect(forked.version).not.toBe(logger.version);
    expect(steps(forked)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await readdir(join(folder, 'rows'))).toEqual(['version_0', 'version_1']);
  });

  it('is any number, infinite where float32 ends', () => {
    const logger = new TensorBoardLogger({ saveDir: folder, name: 'numbers', prefix: 'run' });
    [1e300, -1e300, 1e-300].forEach((loss, step) => logger.logMetrics({ loss }, step));
    logger.save();
    // JSON has no infinity; Python writes one all the same.
    const output = execFileSync(python, ['-c', READER, logger.logDir], { encoding: 'utf8' });
    expect(output).toContain('"run-loss": [[0, Infinity], [1, -Infinity], [2, 0.0]]');
  });

  it('has histograms of parameters and gradients every so many steps', async () => {
    const logger = new TensorBoardLogger({ saveDir: folder, name: 'spread', logHistograms: 2 });
    await quietTrainer({ logger }).fit(new OneWeight(), upTo(5));
    const { histograms } = read(logger.logDir);
    const steps = Object.entries(histograms).map(([tag, rows]) => [tag, rows.map(([step]) => step)]);
    expect(Object.fromEntries(steps)).toEqual({ 'parameters/w': [0, 2, 4], 'gradients/w': [0, 2, 4] });
  });

  it('is what a later run in the same version wrote, from its first step on', () => {
    const options = { saveDir: folder, name: 'again', version: 'mine' };
    const before = new TensorBoardLogger(options);
    for (const step of [0, 1, 2]) before.logMetrics({ loss: 1 }, step);
    before.finalize('failed');
    const after = new TensorBoardLogger(options);
    after.logHyperparams({ lr: 0.5 });
    after.logMetrics({ loss: 2 }, 1);
    after.finalize('success');
    expect(read(after.logDir).scalars).toMatchObject({ loss: [[0, 1], [1, 2]], hp_metric: [[0, -1]] }); // prettier-ignore
  });
});

it('gives a fork its hyper-parameters, and how it ended', () => {
  const logger = new TensorBoardLogger({ saveDir: folder, name: 'forked' });
  logger.logHyperparams({ lr: 0.1 });
  const fork = logger.fork();
  fork.finalize('success');
  expect(readFileSync(join(fork.logDir, 'hparams.yaml'), 'utf8')).toBe('lr: 0.1\n');
  expect(readFileSync(fork.path, 'latin1')).toContain('_hparams_/session_end_info');
});

it('refuses options it does not have, and tensors that are no picture', () => {
  expect(() => new TensorBoardLogger({ histograms: 1 } as never)).toThrow(/no option histograms[^]*logHistograms/);
  expect(() => new TensorBoardLogger({ logHistograms: true as never })).toThrow(/logHistograms[^]*a whole number/);
  const logger = new TensorBoardLogger({ saveDir: folder, name: 'pictures' });
  for (const shape of [[3], [2, 3, 3, 1], [3, 3, 2]]) {
    expect(() => logger.logImage('x', tf.zeros(shape), 0)).toThrow(/\[height, width, 3\][^]*float32 tensor/);
  }
});
