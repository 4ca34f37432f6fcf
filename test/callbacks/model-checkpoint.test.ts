import { existsSync, readdirSync } from 'node:fs';
import { lstat, mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import {
  Callback,
  ModelCheckpoint,
  type SGD,
  type ModelCheckpointOptions,
  type Trainer,
  type TrainerOptions,
} from 'strobe';
import { checkpointName } from '../../src/callbacks/checkpoints/naming.js';
import { entered, loserOf, ranks, type Ranking } from '../../src/callbacks/checkpoints/ranking.js';
import { readCheckpoint } from '../../src/checkpoint/store.js';
import { CSVLogger } from '../../src/loggers/csv.js';
import { batches, camelKeys, numberOf, oracles, quietTrainer, scratchFolder, Scripted } from '../support/scripted.js';

const cases = await oracles('model_checkpoint');
const find = (id: string) => cases.find((entry) => entry.id === id) as (typeof cases)[number];
const folder = scratchFolder();
const files = (dir: string) =>
  existsSync(dir)
    ? (readdirSync(dir, { recursive: true }) as string[]).filter((name) => name.endsWith('.ckpt')).sort()
    : [];

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Trains one-batch epochs with these metrics; gives the callback, its folder and what it did to the files. */
async function train(
  options: ModelCheckpointOptions,
  {
    metrics = {},
    val = {},
    epochs = 1,
    trainBatches = 1,
    valBatches = 0,
    adjust = (_: ModelCheckpoint) => {},
    ...trainerOptions
  }: {
    metrics?: Record<string, number[]>;
    val?: Record<string, number[]>;
    epochs?: number;
    trainBatches?: number;
    valBatches?: number;
    adjust?: (callback: ModelCheckpoint) => void;
  } & TrainerOptions = {},
) {
  const dirpath = options.dirpath ?? folder();
  const checkpoint = new ModelCheckpoint({ dirpath, ...options });
  adjust(checkpoint);
  const trainer = quietTrainer({
    maxEpochs: epochs,
    numSanityValSteps: 0,
    ...trainerOptions,
    callbacks: [...(trainerOptions.callbacks ?? []), checkpoint],
  });
  const events = recordFiles(trainer, dirpath);
  const model = new Scripted({ train: metrics, val });
  const data = { train: batches(trainBatches), ...(valBatches > 0 ? { val: batches(valBatches) } : {}) };
  const fit = () => trainer.fit(model, data);
  await fit();
  events.sync();
  return { checkpoint, trainer, model, dirpath, events: events.list, fit };
}

/** What happens to the files of a folder, in order. */
function recordFiles(trainer: Trainer, dirpath: string) {
  const list: string[] = [];
  let there = new Set(files(dirpath));
  const sync = (): void => {
    const now = new Set(files(dirpath));
    for (const file of there) if (!now.has(file)) list.push(`remove ${file}`);
    there = now;
  };
  const save = trainer.saveCheckpoint.bind(trainer);
  vi.spyOn(trainer, 'saveCheckpoint').mockImplementation(async (path, options) => {
    sync();
    await save(path, options);
    list.push(`save ${relative(dirpath, path)}`);
    there = new Set(files(dirpath));
  });
  return { list, sync };
}

describe("which files there are is the peer's choice", () => {
  it.each(cases.filter(({ id }) => id.startsWith('mc.topk.')))('$id', async ({ given, expect: expected }) => {
    const {
      metric_per_epoch: values,
      args,
      monitor,
    } = given as unknown as {
      metric_per_epoch: string[];
      args: Record<string, unknown>;
      monitor: string;
    };
    const { checkpoint, events, dirpath } = await train(
      { monitor, ...camelKeys(args) },
      { metrics: { m: values.map(numberOf) }, epochs: values.length },
    );
    expect(events).toEqual(expected['events']);
    expect(files(dirpath)).toEqual([...(expected['files'] as string[])].sort());
    const name = (path: string) => (path === '' ? '' : basename(path));
    expect(name(checkpoint.bestModelPath)).toBe(expected['best']);
    expect(checkpoint.bestModelScore).toBe(numberOf(expected['best_score']));
    expect(name(checkpoint.kthBestModelPath)).toBe(expected['kth']);
    expect(checkpoint.kthValue).toBe(numberOf(expected['kth_value']));
    expect(name(checkpoint.lastModelPath)).toBe(expected['last']);
    expect(Object.entries(checkpoint.bestKModels).map(([path, score]) => [name(path), score])).toEqual(
      Object.entries(expected['best_k'] as Record<string, string>).map(([path, score]) => [path, numberOf(score)]),
    );
    expect(checkpoint.stateKey).toBe(expected['state_key']);
  });

  it('mc.every_n_epochs', async () => {
    const { given, expect: expected } = find('mc.every_n_epochs');
    const {
      epochs,
      filename,
      every_n_epochs: every,
    } = given as unknown as {
      epochs: number;
      filename: string;
      every_n_epochs: number[];
    };
    const seen = [];
    for (const everyNEpochs of every) {
      const { dirpath } = await train({ filename, saveTopK: -1, everyNEpochs }, { epochs });
      seen.push(files(dirpath));
    }
    expect(seen).toEqual(expected['files']);
  });

  it('mc.time: every 60 s, at 7 s a batch', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    class Clock extends Callback {
      override onTrainBatchStart(): void {
        vi.advanceTimersByTime(7000);
      }
    }
    const { events } = await train(
      { trainTimeInterval: { minutes: 1 }, saveTopK: -1 },
      { trainBatches: 128, callbacks: [new Clock()] },
    );
    expect(events).toHaveLength(find('mc.time').expect['checkpoint_count'] as number);
  });

  it('mc.topk0_last', async () => {
    const { checkpoint, dirpath } = await train({ saveTopK: 0, saveLast: true }, { epochs: 2 });
    const { files: expected, ...attributes } = find('mc.topk0_last').expect as unknown as {
      files: string[];
      best_model_path: string;
    };
    expect(files(dirpath)).toEqual(expected);
    expect(checkpoint).toMatchObject(camelKeys(attributes));
  });

  it.each(['min', 'max'] as const)('mc.nan_first: %s', async (mode) => {
    const { given, expect: expected } = find('mc.nan_first') as unknown as {
      given: Record<string, (string | number)[]>;
      expect: { saves: number; best_score: Record<string, number> };
    };
    const values = (given[mode] as (string | number)[]).map(numberOf);
    const { checkpoint, events } = await train({ monitor: 'm', mode }, { metrics: { m: values }, epochs: 4 });
    expect(events.filter((event) => event.startsWith('save'))).toHaveLength(expected.saves);
    expect(checkpoint.bestModelScore).toBe(expected.best_score[mode]);
  });

  it.each(['min', 'max'] as const)('mc.nan_current: %s', async (mode) => {
    const expected = find('mc.nan_current').expect[mode] as { best: string; current: string };
    const { checkpoint } = await train({ monitor: 'm', mode }, { metrics: { m: [NaN] } });
    expect(checkpoint.bestModelScore).toBe(numberOf(expected.best));
    expect(checkpoint.currentScore).toBe(numberOf(expected.current));
  });

  it('mc.version_new_trainer', async () => {
    const dirpath = folder();
    const { files: expected, second_run_best_k: second } = find('mc.version_new_trainer').expect as unknown as {
      files: string[];
      second_run_best_k: string[];
    };
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const options = { dirpath, saveTopK: -1, filename: '{epoch}', monitor: 'epoch' };
    await train(options, { epochs: 2 });
    expect(warn).not.toHaveBeenCalled();
    const { checkpoint } = await train(options, { epochs: 2 });
    expect(files(dirpath)).toEqual([...expected].sort());
    expect(Object.keys(checkpoint.bestKModels).map((path) => basename(path))).toEqual(second);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('is not empty'));
  });

  it('mc.version_same_trainer', async () => {
    const { dirpath, trainer, fit } = await train(
      { saveTopK: -1, filename: 'test', monitor: 'epoch' },
      { epochs: 2, adjust: (checkpoint) => (checkpoint.startingVersion = 9) },
    );
    trainer.limits.maxEpochs = 4;
    await fit();
    expect(files(dirpath)).toEqual([...(find('mc.version_same_trainer').expect['files'] as string[])].sort());
  });

  it('mc.version_off', async () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const options = {
      dirpath: folder(),
      saveTopK: -1,
      filename: '{epoch}',
      monitor: 'epoch',
      saveLast: true,
      enableVersionCounter: false,
    };
    for (const _ of [1, 2]) await train(options, { epochs: 2 });
    expect(files(options.dirpath)).toEqual(find('mc.version_off').expect['files']);
  });

  it('mc.last_version', async () => {
    const dirpath = folder();
    for (const _ of [1, 2]) await train({ dirpath, saveTopK: 0, saveLast: true });
    expect(files(dirpath)).toEqual([...(find('mc.last_version').expect['files'] as string[])].sort());
  });

  it('mc.check_val2', async () => {
    const { dirpath } = await train(
      { filename: '{epoch}', saveTopK: -1 },
      { epochs: 5, valBatches: 1, checkValEveryNEpoch: 2 },
    );
    expect(files(dirpath)).toEqual(find('mc.check_val2').expect['files']);
  });

  it('mc.val_interval', async () => {
    const { dirpath } = await train({ saveTopK: -1 }, { trainBatches: 10, valBatches: 1, valCheckInterval: 0.2 });
    expect(files(dirpath)).toEqual([...(find('mc.val_interval').expect['files'] as string[])].sort());
  });

  it('mc.score_files: each file knows its own score', async () => {
    const { given, expect: expected } = find('mc.score_files');
    const { checkpoint } = await train(
      { monitor: 'm', saveTopK: 3 },
      { metrics: { m: given['value per epoch'] as number[] }, epochs: 3 },
    );
    const scores = [];
    for (const path of Object.keys(checkpoint.bestKModels)) {
      const { callbacks = {} } = await readCheckpoint(path);
      scores.push((callbacks[checkpoint.stateKey] as { currentScore: number }).currentScore);
    }
    expect(scores).toEqual(expected['current_score in each file']);
  });

  it.each([
    [undefined, 'version_0'],
    [1, 'version_1'],
    ['awesome', 'awesome'],
  ])('mc.dirpath: the logger of version %s', async (version, name) => {
    expect(find('mc.dirpath').expect['parent dir name']).toContain(name);
    const saveDir = folder();
    const logger = new CSVLogger({ saveDir, name: 'runs', ...(version === undefined ? {} : { version }) });
    const checkpoint = new ModelCheckpoint();
    const trainer = quietTrainer({ maxEpochs: 1, logger, callbacks: [checkpoint] });
    await trainer.fit(new Scripted(), batches(1));
    expect(checkpoint.dirpath).toBe(join(saveDir, 'runs', name, 'checkpoints'));
    expect(files(checkpoint.dirpath as string)).toEqual(['epoch=0-step=1.ckpt']);
  });

  it('mc.freq', async () => {
    const { given, expect: expected } = find('mc.freq') as unknown as {
      given: Record<string, [number, number][]>;
      expect: { save_calls: number[] };
    };
    const counts = [];
    for (const [epochs, interval] of given['(epochs,val_check_interval)'] ?? []) {
      const valCheckInterval = interval === 1 ? {} : { valCheckInterval: interval };
      const { events } = await train({}, { epochs, trainBatches: 20, valBatches: 1, ...valCheckInterval });
      counts.push(events.filter((event) => event.startsWith('save')).length);
    }
    expect(counts).toEqual(expected.save_calls);
  });

  it('mc.dirpath_changed', async () => {
    const { checkpoint: first } = await train({ monitor: 'm' }, { metrics: { m: [1] } });
    const {
      restored,
      not_restored: not,
      warning,
    } = find('mc.dirpath_changed').expect as unknown as {
      restored: string[];
      not_restored: string[];
      warning: string;
    };
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const second = new ModelCheckpoint({ dirpath: folder(), monitor: 'm' });
    const fresh = { ...new ModelCheckpoint({ monitor: 'm' }).stateDict(), dirpath: second.dirpath };
    const trainer = quietTrainer({ maxEpochs: 1, callbacks: [second] });
    await trainer.fit(new Scripted({ train: { m: [1] } }), batches(1), { ckptPath: first.bestModelPath });
    const old = camelKeys(first.stateDict() as unknown as Record<string, unknown>);
    const now = second.stateDict() as unknown as Record<string, unknown>;
    for (const key of Object.keys(camelKeys(Object.fromEntries(restored.map((key) => [key, 0])))))
      expect(now[key]).toEqual(old[key]);
    for (const key of Object.keys(camelKeys(Object.fromEntries(not.map((key) => [key, 0])))))
      expect(now[key]).toEqual((fresh as Record<string, unknown>)[key]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(warning));
  });

  it('mc.link: a relative link to the latest file, in place of whatever was there', async () => {
    const dirpath = folder();
    vi.spyOn(console, 'warn').mockReturnValue();
    await mkdir(join(dirpath, 'last.ckpt', 'a folder'), { recursive: true });
    const { checkpoint } = await train(
      { dirpath, saveLast: 'link', saveTopK: -1, enableVersionCounter: false },
      { epochs: 2 },
    );
    const link = join(dirpath, 'last.ckpt');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readlink(link)).toBe('epoch=1-step=2.ckpt');
    expect(checkpoint.lastModelPath).toBe(link);
    expect((await readCheckpoint(link)).epoch).toBe(1);
  });

  it('mc.accum_time: never twice at one step, never before the first', async () => {
    const { dirpath } = await train(
      { trainTimeInterval: 0, saveTopK: -1 },
      { trainBatches: 4, accumulateGradBatches: 2 },
    );
    expect(files(dirpath)).toEqual(find('mc.accum_time').expect['files']);
  });
});

describe("names are the peer's", () => {
  it.each(cases.filter(({ id }) => /^mc\.(name|format)\./.test(id)))('$id', ({ given, expect: expected }) => {
    const {
      template,
      metrics,
      options = {},
    } = given as unknown as {
      template: string;
      metrics: Record<string, number>;
      options?: Record<string, unknown>;
    };
    // The first words of a few templates are the case's own note.
    const note = /^(noauto|float no spec) /.exec(template)?.[0] ?? '';
    const name = checkpointName(template.slice(note.length), metrics, {
      autoInsertMetricName: note !== 'noauto ' && options['auto_insert_metric_name'] !== false,
      ...('prefix' in options ? { prefix: options['prefix'] as string } : {}),
      ...('EQUALS_CHAR' in options ? { equalsChar: options['EQUALS_CHAR'] as string } : {}),
      ...('ver' in options ? { version: options['ver'] as number } : {}),
      ...('ver' in options || 'full' in options ? {} : { extension: '' }),
    });
    expect(name).toBe(expected['name']);
  });
});

describe('a ModelCheckpoint', () => {
  it('keeps the k best of any sequence of scores, best and worst known', () => {
    const scores = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(Infinity)), { maxLength: 12 });
    fc.assert(
      fc.property(
        scores,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('min' as const, 'max' as const),
        (given, k, mode) => {
          let ranking: Ranking = {};
          given.forEach((score, i) => {
            if (!ranks(ranking, score, k, mode)) return;
            const loser = loserOf(ranking, k, mode);
            const standing = entered(ranking, `file ${i}`, score, { loser, k, mode });
            ranking = standing.ranking;
            const order = Object.values(ranking).sort((a, b) => (mode === 'min' ? a - b : b - a));
            expect(standing.best[1]).toBe(order[0]);
            expect(standing.kth?.[1]).toBe(order.length === k ? order.at(-1) : undefined);
          });
          const kept = Object.values(ranking).sort((a, b) => a - b);
          const wanted = [...given]
            .sort((a, b) => (mode === 'min' ? a - b : b - a))
            .slice(0, k)
            .sort((a, b) => a - b);
          expect(kept).toEqual(wanted);
        },
      ),
    );
  });

  it('waits with what a step makes due for the validation that belongs to the step', async () => {
    const { checkpoint, dirpath } = await train(
      { everyNTrainSteps: 2, monitor: 'v', saveTopK: -1, filename: '{step}-{v}' },
      { trainBatches: 4, valBatches: 1, valCheckInterval: 2, val: { v: [5, 3] } },
    );
    expect(files(dirpath)).toEqual(['step=2-v=5.ckpt', 'step=4-v=3.ckpt']);
    expect(checkpoint.bestModelScore).toBe(3);
  });

  it('waits for a metric that the first validation will bring', async () => {
    const { dirpath } = await train(
      { everyNTrainSteps: 1, monitor: 'v', saveTopK: -1, filename: '{step}-{v}' },
      { trainBatches: 3, valBatches: 1, val: { v: [5] } },
    );
    expect(files(dirpath)).toEqual(['step=3-v=5.ckpt']);
  });

  it('warns of a metric that is missing while none could be there, and fails once it should', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const { dirpath } = await train({ monitor: 'none' });
    expect(files(dirpath)).toEqual([]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no metric called none'));
    await expect(train({ monitor: 'none' }, { valBatches: 1 })).rejects.toThrow('no metric called none');
  });

  it('writes last at the end of the training if nothing else was due', async () => {
    const { dirpath } = await train({ everyNEpochs: 5, saveLast: true }, { epochs: 2 });
    expect(files(dirpath)).toEqual(['last.ckpt']);
  });

  it('says what it does when verbose', async () => {
    const print = vi.spyOn(console, 'log').mockReturnValue();
    const { checkpoint } = await train({ monitor: 'm', verbose: true }, { metrics: { m: [1, 2] }, epochs: 2 });
    expect(print.mock.calls.flat()).toEqual([
      `Epoch 0, step 1: m reached 1.00000 (best 1.00000), saving to ${checkpoint.bestModelPath} as top 1.`,
      'Epoch 1, step 2: m was not in top 1.',
    ]);
  });

  it.each([true, false])('saves when the run fails, if asked to: %s', async (saveOnException) => {
    const dirpath = folder();
    vi.spyOn(console, 'log').mockReturnValue();
    class Failing extends Scripted {
      override onTrainBatchEnd(_o: unknown, _b: unknown, batchIdx: number): void {
        if (batchIdx === 1) throw new RangeError('no');
      }
    }
    const checkpoint = new ModelCheckpoint({ dirpath, saveOnException, saveLast: true });
    const trainer = quietTrainer({ maxEpochs: 1, callbacks: [checkpoint] });
    await expect(trainer.fit(new Failing(), batches(3))).rejects.toThrow('no');
    expect(files(dirpath)).toEqual(saveOnException ? ['epoch=0-step=2.ckpt', 'last.ckpt'] : []);
    if (!saveOnException) return;
    const again = quietTrainer({ maxEpochs: 1 });
    await again.fit(new Scripted(), batches(3), { ckptPath: join(dirpath, 'last.ckpt') });
    expect(again.globalStep).toBe(3);
  });

  it('never deletes what the run came from, nor files of another folder', async () => {
    const { checkpoint: first, dirpath } = await train({ monitor: 'm', filename: '{epoch}' }, { metrics: { m: [3] } });
    const second = new ModelCheckpoint({ dirpath, monitor: 'm', filename: '{epoch}' });
    const trainer = quietTrainer({ maxEpochs: 3, callbacks: [second] });
    const ckptPath = relative(process.cwd(), first.bestModelPath);
    await trainer.fit(new Scripted({ train: { m: [3, 2, 1] } }), batches(1), { ckptPath });
    expect(files(dirpath)).toEqual(['epoch=0.ckpt', 'epoch=2.ckpt']);
  });

  it('never deletes in a fork what the run came from', async () => {
    const { checkpoint: first, dirpath } = await train({ monitor: 'm', filename: '{epoch}' }, { metrics: { m: [3] } });
    const second = new ModelCheckpoint({ dirpath, monitor: 'm', filename: '{epoch}' });
    const trainer = quietTrainer({ maxEpochs: 3, callbacks: [second] });
    const run = trainer.run(new Scripted({ train: { m: [3, 2, 1] } }), batches(1), { ckptPath: first.bestModelPath });
    await (await run.fork()).finish();
    expect(files(dirpath)).toEqual(['epoch=0.ckpt', 'epoch=2.ckpt']);
  });

  it('never deletes in a fork what the first run has written, nor the other way round', async () => {
    const dirpath = folder();
    const checkpoint = new ModelCheckpoint({ dirpath, monitor: 'm', filename: '{epoch}' });
    const trainer = quietTrainer({ maxEpochs: 3, callbacks: [checkpoint] });
    const run = trainer.run(new Scripted({ train: { m: [3, 2, 1] } }), batches(1));
    await run.until('onTrainEpochStart', ({ position }) => position.epoch === 1);
    const fork = await run.fork();
    await fork.finish();
    expect(files(dirpath)).toEqual(['epoch=0.ckpt', 'epoch=2.ckpt']);
    expect(run.callbacks.get(ModelCheckpoint)?.bestModelPath).toBe(join(dirpath, 'epoch=0.ckpt'));
    await run.finish();
    expect(files(dirpath)).toEqual(['epoch=2-v1.ckpt', 'epoch=2.ckpt']);
  });

  it.each([true, 'link'] as const)(
    'leaves the files alone that the run has saved before it forked, saveLast: %o',
    async (saveLast) => {
      const dirpath = folder();
      const checkpoint = new ModelCheckpoint({ dirpath, monitor: 'm', filename: '{epoch}', saveLast });
      const model = new Scripted({ train: { m: [3, 2, 1] } });
      const run = quietTrainer({ maxEpochs: 3, callbacks: [checkpoint] }).run(model, batches(1));
      await run.step(2);
      const before = files(dirpath);
      expect(before).toEqual(['epoch=0.ckpt', 'last.ckpt']);
      const fork = await run.fork();
      await fork.finish();
      expect(files(dirpath)).toEqual(['epoch=0.ckpt', 'epoch=2.ckpt', 'last-v1.ckpt', 'last.ckpt']);
      expect(run.callbacks.get(ModelCheckpoint)?.bestModelPath).toBe(join(dirpath, 'epoch=0.ckpt'));
      expect((await readCheckpoint(join(dirpath, 'last.ckpt'))).epoch).toBe(0);
      await run.finish();
      expect(files(dirpath)).toEqual(['epoch=2-v1.ckpt', 'epoch=2.ckpt', 'last-v1.ckpt', 'last.ckpt']);
    },
  );

  it('saves in a second fit that begins anew, at the very step the first one was saved at, too', async () => {
    const checkpoint = new ModelCheckpoint({ dirpath: folder(), filename: '{m:.0f}' });
    for (const m of [1, 2]) {
      const trainer = quietTrainer({ maxEpochs: 1, callbacks: [checkpoint] });
      await trainer.fit(new Scripted({ train: { m: [m] } }), batches(1));
      expect(files(checkpoint.dirpath as string)).toContain(`m=${m}.ckpt`);
    }
  });

  it('leaves its books as they were when a file cannot be written', async () => {
    const checkpoint = new ModelCheckpoint({ dirpath: folder(), monitor: 'm' });
    const trainer = quietTrainer({ maxEpochs: 1, callbacks: [checkpoint] });
    vi.spyOn(trainer, 'saveCheckpoint').mockRejectedValue(new Error('disk full'));
    await expect(trainer.fit(new Scripted({ train: { m: [1] } }), batches(1))).rejects.toThrow('disk full');
    expect(checkpoint).toMatchObject({
      bestModelPath: '',
      bestModelScore: null,
      bestKModels: {},
      kthBestModelPath: '',
    });
  });

  it('writes its best as YAML, and tells the loggers of each file', async () => {
    const told: string[] = [];
    const logger = { logMetrics() {}, afterSaveCheckpoint: (of: ModelCheckpoint) => void told.push(of.bestModelPath) };
    const { checkpoint, dirpath } = await train(
      { monitor: 'm', saveTopK: 2 },
      { metrics: { m: [2, 1] }, epochs: 2, logger },
    );
    expect(told.map((path) => basename(path))).toEqual(['epoch=0-step=1.ckpt', 'epoch=1-step=2.ckpt']);
    await checkpoint.toYaml();
    expect(await readFile(join(dirpath, 'best_k_models.yaml'), 'utf8')).toBe(
      Object.entries(checkpoint.bestKModels)
        .map(([path, score]) => `${JSON.stringify(path)}: ${score}\n`)
        .join(''),
    );
  });

  it('saves only weights when asked to', async () => {
    const { checkpoint } = await train({ saveWeightsOnly: true });
    const saved = await readCheckpoint(checkpoint.bestModelPath);
    expect(saved.optimizerStates).toBeUndefined();
    expect(Object.keys(saved.stateDict)).toEqual(['w']);
  });

  it('counts optimizer steps when the module optimizes itself', async () => {
    class Manual extends Scripted {
      override automaticOptimization = false;
      override trainingStep(batch: never) {
        const optimizer = this.optimizers() as SGD;
        optimizer.zeroGrad();
        const loss = super.trainingStep(batch);
        this.manualBackward(loss);
        optimizer.step();
        return loss;
      }
    }
    const dirpath = folder();
    const callbacks = [new ModelCheckpoint({ dirpath, everyNTrainSteps: 2, saveTopK: -1 })];
    await quietTrainer({ maxEpochs: 1, callbacks }).fit(new Manual(), batches(4));
    expect(files(dirpath)).toEqual(['epoch=0-step=2.ckpt', 'epoch=0-step=4.ckpt']);
  });

  it('does nothing in a fast development run', async () => {
    const { dirpath } = await train({ saveLast: true, saveOnException: true }, { fastDevRun: true });
    expect(files(dirpath)).toEqual([]);
  });

  it('takes ~ for the home folder', () => {
    expect(new ModelCheckpoint({ dirpath: '~/runs' }).dirpath).toBe(join(process.env['HOME'] ?? '', 'runs'));
  });

  it.each([
    [{ saveTopK: -2 }, 'saveTopK'],
    [{ everyNTrainSteps: -1 }, 'everyNTrainSteps'],
    [{ everyNEpochs: -1 }, 'everyNEpochs'],
    [{ everyNEpochs: 1, everyNTrainSteps: 1 }, 'several triggers'],
    [{ everyNEpochs: 1, trainTimeInterval: 1 }, 'several triggers'],
    [{ trainTimeInterval: 'soon' }, 'trainTimeInterval is no time'],
    [{ mode: 'best' as never }, '`mode` can be'],
    [{ saveTopK: 2 }, 'cannot rank'],
    [{ filename: '{epoch}-{val_loss:2x}' }, 'format is not known'],
    [{ saveLast: 'yes' as never }, 'saveLast'],
    [{ savelast: true } as never, 'no option savelast'],
  ])('refuses %o', (options, message) => expect(() => new ModelCheckpoint(options)).toThrow(message));

  it('may have one of two triggers switched off', () => {
    expect(new ModelCheckpoint({ everyNEpochs: 1, everyNTrainSteps: 0 }).stateKey).toContain("'every_n_epochs': 1");
  });

  it('does not mind a folder that holds nothing but hidden files', async () => {
    const dirpath = folder();
    await mkdir(dirpath);
    await writeFile(join(dirpath, '.keep'), '');
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    await train({ dirpath });
    expect(warn).not.toHaveBeenCalled();
  });
});
