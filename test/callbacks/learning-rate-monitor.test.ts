import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Adam,
  EarlyStopping,
  LearningRateMonitor,
  Module,
  parameter,
  SGD,
  StepLR,
  type LearningRateMonitorOptions,
  type OptimizerConfig,
  type TrainerOptions,
} from 'strobe';
import * as tf from '@tensorflow/tfjs-core';
import { batches, oracles, quietTrainer, scratchFolder } from '../support/scripted.js';

const folder = scratchFolder();
const cases = await oracles('lr_monitor');
const find = (id: string) => cases.find((entry) => entry.id === id) as (typeof cases)[number];

afterEach(() => vi.restoreAllMocks());

class Net extends Module {
  readonly a = parameter(tf.scalar(1));
  readonly b = parameter(tf.scalar(1));
  readonly make: (net: Net) => OptimizerConfig;
  constructor(make: (net: Net) => OptimizerConfig, automatic = true) {
    super();
    this.make = make;
    this.automaticOptimization = automatic;
  }
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    return tf.mean(tf.mul(batch, tf.add(this.a.variable, this.b.variable)));
  }
  override configureOptimizers(): OptimizerConfig {
    return this.make(this);
  }
}

/** What reaches the loggers, by metric. */
async function logged(
  options: LearningRateMonitorOptions,
  model: Net,
  { epochs = 1, steps = 2, ...rest }: { epochs?: number; steps?: number } & TrainerOptions = {},
) {
  const records: [Record<string, number>, number][] = [];
  const logger = { logMetrics: (metrics: Record<string, number>, step: number) => void records.push([metrics, step]) };
  const monitor = new LearningRateMonitor(options);
  const callbacks = [monitor, ...(rest.callbacks ?? [])];
  const trainer = quietTrainer({ maxEpochs: epochs, logger, logEveryNSteps: 1, ...rest, callbacks });
  await trainer.fit(model, batches(steps));
  const lrs = records.filter(([metrics]) => Object.keys(metrics).some((name) => name !== 'epoch'));
  const keys = [...new Set(lrs.flatMap(([metrics]) => Object.keys(metrics)))].filter((name) => name !== 'epoch');
  return { keys, records: lrs, monitor, trainer };
}

const sgd = (net: Net) => new SGD([net.a], { lr: 0.1, momentum: 0.9, weightDecay: 0.01 });
const scheduled = (net: Net, name?: string) => {
  const optimizer = sgd(net);
  const scheduler = new StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
  return { optimizer, lrScheduler: name === undefined ? scheduler : { scheduler, name } };
};

describe('learning rates have the names the peer gives them', () => {
  it.each([
    ['lrm.name.0', {}, new Net((net) => scheduled(net))],
    ['lrm.name.4', {}, new Net((net) => scheduled(net, 'my_logging_name'))],
    ['lrm.name.6', { logKeyPrefix: 'optim/' }, new Net((net) => scheduled(net))],
    [
      'lrm.name.7',
      { logKeyPrefix: 'hparams/' },
      new Net((net) => [new Adam([net.a], { lr: 0.1 }), new SGD([net.b], { lr: 0.1 })], false),
    ],
  ])('%s', async (id, options, model) => {
    const { keys } = await logged(options, model);
    expect(keys).toEqual(find(id).expect['keys']);
  });

  it('lrm.name.2', async () => {
    const model = new Net((net) => {
      const optimizers = [new Adam([net.a], { lr: 0.1 }), new Adam([net.b], { lr: 0.2 })];
      return { optimizers, lrSchedulers: optimizers.map((each) => new StepLR(each, { stepSize: 1 })) };
    }, false);
    expect((await logged({}, model)).keys).toEqual(find('lrm.name.2').expect['keys']);
  });

  it('lrm.momentum', async () => {
    const { expect: expected } = find('lrm.momentum');
    const options = { logMomentum: true, logWeightDecay: true };
    const plain = await logged(options, new Net((net) => scheduled(net)));
    expect(plain.keys).toEqual(['lr-SGD', ...(expected['keys'] as string[])]);
    const adam = (net: Net) => new Adam([net.a], { lr: 0.1, betas: [0.8, 0.99] });
    const prefixed = await logged({ ...options, logKeyPrefix: 'train/' }, new Net(adam));
    expect(prefixed.keys).toEqual(expected['prefixed']);
    expect(prefixed.records[0]?.[0]['train/lr-Adam-momentum']).toBe(0.8);
  });

  it('lrm.values: they can be monitored', async () => {
    const { expect: expected } = find('lrm.values');
    const stopping = new EarlyStopping({ monitor: 'lr-SGD', stoppingThreshold: 0.02 });
    const { monitor } = await logged({}, new Net((net) => scheduled(net)), { epochs: 10, callbacks: [stopping] });
    expect(monitor.lrs).toEqual({ 'lr-SGD': expected['lrs'] });
    expect(stopping.stoppedEpoch).toBe(expected['stopped_epoch']);
  });

  it('lrm.errors', async () => {
    const [noLogger = '', twins = ''] = find('lrm.errors').expect['errors'] as string[];
    await expect(logged({}, new Net((net) => scheduled(net)), { logger: false })).rejects.toThrow(
      noLogger.replaceAll('`', '').replace(' callback', '').replace('with Trainer', 'with a Trainer'),
    );
    const groups = (net: Net) =>
      new SGD(
        [
          { params: [net.a], name: 'x' },
          { params: [net.b], name: 'x' },
        ],
        { lr: 0.1 },
      );
    await expect(logged({}, new Net(groups))).rejects.toThrow(
      twins.replace('`Optimizer`', 'optimizer').replace('multiple', 'several'),
    );
  });

  it('groups are told apart by number or name, and a group that comes later renames the first', async () => {
    const two = (net: Net) => new SGD([{ params: [net.a] }, { params: [net.b], name: 'head' }], { lr: 0.1 });
    expect((await logged({}, new Net(two))).keys).toEqual(['lr-SGD/pg1', 'lr-SGD/head']);
    const model = new Net((net) => scheduled(net));
    class Grow extends EarlyStopping {
      override onTrainEpochEnd(trainer: Parameters<EarlyStopping['onTrainEpochEnd']>[0]): void {
        if (trainer.currentEpoch === 1) trainer.optimizers[0]?.addParamGroup({ params: [model.b] });
      }
    }
    const { monitor } = await logged({}, model, { epochs: 3, callbacks: [new Grow({ monitor: 'none' })] });
    expect(Object.keys(monitor.lrs).sort()).toEqual(['lr-SGD/pg1', 'lr-SGD/pg2']);
    expect(monitor.lrs['lr-SGD/pg1']).toHaveLength(3);
  });
});

describe('learning rates are logged', () => {
  it('at the interval of their scheduler, without one at both', async () => {
    const steps = async (options: LearningRateMonitorOptions, model: Net) =>
      (await logged(options, model, { epochs: 2 })).records.map(([, step]) => step);
    expect(await steps({}, new Net((net) => scheduled(net)))).toEqual([0, 2]);
    expect(await steps({}, new Net(sgd))).toEqual([0, 0, 1, 2, 2, 3]);
    expect(await steps({ loggingInterval: 'step' }, new Net((net) => scheduled(net)))).toEqual([0, 1, 2, 3]);
    expect(await steps({ loggingInterval: 'epoch' }, new Net(sgd))).toEqual([0, 2]);
  });

  it('as often as the trainer logs', async () => {
    const { records } = await logged({ loggingInterval: 'step' }, new Net(sgd), { steps: 6, logEveryNSteps: 3 });
    expect(records.map(([, step]) => step)).toEqual([2, 5]);
  });

  it('with a warning where momentum is asked for and there is none', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const { Adagrad } = await import('strobe');
    await logged({ logMomentum: true }, new Net((net) => new Adagrad([net.a], { lr: 0.1 })));
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no momentum'));
  });

  it('by each fit for itself, also where one monitor sees several', async () => {
    const first = await logged({}, new Net((net) => scheduled(net)), { epochs: 2 });
    const { monitor } = first;
    const further = { maxEpochs: 1, logger: { logMetrics: () => undefined }, callbacks: [monitor] };
    await quietTrainer(further).fit(new Net((net) => new SGD([net.a], { lr: 0.5 })), batches(2));
    expect(monitor.lrs).toEqual({ 'lr-SGD': [0.5] });
    const trainer = quietTrainer({ ...further, maxEpochs: 2 });
    await trainer.fit(new Net((net) => scheduled(net)), batches(2));
    expect(monitor.lrs).toEqual({ 'lr-SGD': [0.1, 0.05] });
    await trainer.fit(new Net((net) => scheduled(net)), batches(2), { epochs: 1 });
    expect(monitor.lrs['lr-SGD']).toHaveLength(1);
  });

  it('as one fit where it is saved and resumed, by the same monitor or another', async () => {
    const path = folder('rates.ckpt');
    const options = { maxEpochs: 4, logger: { logMetrics: () => undefined } };
    const monitor = new LearningRateMonitor();
    const run = quietTrainer({ ...options, callbacks: [monitor] }).run(new Net((net) => scheduled(net)), batches(2));
    await run.epoch(2);
    await run.save(path);
    await run.finish();
    const whole = structuredClone(monitor.lrs);
    expect(whole['lr-SGD']).toEqual([0.1, 0.05, 0.025, 0.0125]);
    for (const each of [monitor, new LearningRateMonitor()]) {
      const trainer = quietTrainer({ ...options, callbacks: [each] });
      await trainer.fit(new Net((net) => scheduled(net)), batches(2), { ckptPath: path });
      expect(each.lrs).toEqual(whole);
    }
  });

  it('not at all, but without complaint, in a fast development run', async () => {
    await expect(logged({}, new Net(sgd), { fastDevRun: true })).resolves.toBeDefined();
  });
});
