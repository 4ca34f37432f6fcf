import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import {
  normalizeOptimizers,
  OneCycleLR,
  ReduceLROnPlateau,
  SGD,
  StepLR,
  type OptimizerConfig,
} from '../../src/optim/index.js';
import { twoParameters } from './support.js';

const [w, b] = twoParameters();
const first = new SGD([w], { momentum: 0.9 });
const second = new SGD([b]);
const step = new StepLR(first, { stepSize: 1 });
const plateau = new ReduceLROnPlateau(second);
const oneCycle = new OneCycleLR(first, { maxLr: 1, totalSteps: 10 });
const defaults = { interval: 'epoch', frequency: 1, strict: true, reduceOnPlateau: false };

describe('accepted without a word', () => {
  test.each<[string, OptimizerConfig, object]>([
    ['one optimizer', first, { optimizers: [first], schedulers: [] }],
    ['several', [first, second], { optimizers: [first, second], schedulers: [] }],
    ['one without a scheduler', { optimizer: first }, { optimizers: [first], schedulers: [] }],
    [
      'one with a scheduler',
      { optimizer: first, lrScheduler: step },
      { optimizers: [first], schedulers: [{ scheduler: step, ...defaults }] },
    ],
    [
      'one with a scheduler and its timing',
      {
        optimizer: first,
        lrScheduler: { scheduler: oneCycle, interval: 'step', frequency: 2, name: 'lr', strict: false },
      },
      {
        optimizers: [first],
        schedulers: [{ scheduler: oneCycle, ...defaults, interval: 'step', frequency: 2, name: 'lr', strict: false }],
      },
    ],
    [
      'a plateau with its metric',
      { optimizer: second, lrScheduler: { scheduler: plateau, monitor: 'val_loss' } },
      {
        optimizers: [second],
        schedulers: [{ scheduler: plateau, ...defaults, monitor: 'val_loss', reduceOnPlateau: true }],
      },
    ],
    [
      'a plateau with its metric beside it',
      { optimizer: second, lrScheduler: plateau, monitor: 'val_loss' },
      {
        optimizers: [second],
        schedulers: [{ scheduler: plateau, ...defaults, monitor: 'val_loss', reduceOnPlateau: true }],
      },
    ],
    [
      'two lists',
      { optimizers: [first, second], lrSchedulers: [step, { scheduler: plateau, monitor: 'loss' }] },
      {
        optimizers: [first, second],
        schedulers: [
          { scheduler: step, ...defaults },
          { scheduler: plateau, ...defaults, monitor: 'loss', reduceOnPlateau: true },
        ],
      },
    ],
    [
      'several with schedulers',
      [{ optimizer: first, lrScheduler: step }, { optimizer: second }],
      { optimizers: [first, second], schedulers: [{ scheduler: step, ...defaults }] },
    ],
  ])('%s', (_what, config, expected) => {
    const normalized = normalizeOptimizers(config);
    expect(normalized.warnings).toEqual([]);
    expect(normalized).toEqual({ ...expected, warnings: [] });
  });
});

describe('accepted with a warning', () => {
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /no optimizer/],
    ['null', null, /no optimizer/],
    ['an empty array', [], /no optimizer/],
    ['unknown keys', { optimizer: first, scheduler: step }, /ignored: scheduler\. Known are optimizer, lrScheduler/],
    ['unknown keys of a scheduler', { optimizer: first, lrScheduler: { scheduler: step, every: 2 } }, /ignored: every/],
    [
      'one cycle at epochs',
      { optimizer: first, lrScheduler: { scheduler: oneCycle } },
      /OneCycleLR[\s\S]*interval: 'step'/,
    ],
    ['one cycle without timing', { optimizer: first, lrScheduler: oneCycle }, /OneCycleLR/],
  ])('%s', (_what, config, warning) => {
    const { warnings } = normalizeOptimizers(config as OptimizerConfig);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });
});

describe('refused', () => {
  test.each<[string, unknown, RegExp]>([
    ['something else', 'adam', /expected: an optimizer[\s\S]*"adam"/],
    ['an array with something else in it', [first, 3], /3/],
    ['a promise', Promise.resolve(first), /Promise/],
    ['an optimizer that is none', { optimizer: {} }, /an optimizer/],
    ['a scheduler that is none', { optimizer: first, lrScheduler: { scheduler: 3 } }, /an LRScheduler[\s\S]*3/],
    [
      'timing without a scheduler',
      { optimizer: first, lrScheduler: { interval: 'step' } },
      /a scheduler, or \{ scheduler/,
    ],
    [
      'an unknown interval',
      { optimizer: first, lrScheduler: { scheduler: step, interval: 'batch' } },
      /'epoch' or 'step'[\s\S]*"batch"/,
    ],
    ['a frequency of 0', { optimizer: first, lrScheduler: { scheduler: step, frequency: 0 } }, /at least 1[\s\S]*0/],
    ['a plateau without a metric', { optimizer: second, lrScheduler: plateau }, /monitor: the metric/],
    [
      'a plateau with timing but no metric',
      { optimizer: second, lrScheduler: { scheduler: plateau } },
      /monitor: the metric/,
    ],
    [
      'a scheduler of a stranger',
      { optimizer: second, lrScheduler: step },
      /StepLR of an instance of SGD, which was not returned/,
    ],
    ['a scheduler alone', step, /an instance of StepLR/],
    ["a list of schedulers after one of optimizers, as Lightning's", [[first], [step]], /an instance of StepLR/],
    ['schedulers that are no list', { optimizers: [first], lrSchedulers: step }, /lrSchedulers, an array/],
  ])('%s', (_what, config, message) => {
    const normalize = () => normalizeOptimizers(config as OptimizerConfig);
    expect(normalize).toThrow(ConfigurationError);
    expect(normalize).toThrow(message);
  });
});

describe('with manual optimization', () => {
  const manual = (config: OptimizerConfig) => normalizeOptimizers(config, { automatic: false });

  test('a plateau needs no metric, and one cycle no interval', () => {
    expect(manual({ optimizer: second, lrScheduler: plateau }).warnings).toEqual([]);
    expect(manual({ optimizer: first, lrScheduler: oneCycle }).warnings).toEqual([]);
  });

  test('timing is ignored with a warning', () => {
    const { warnings } = manual({ optimizer: first, lrScheduler: { scheduler: step, interval: 'step', frequency: 2 } });
    expect(warnings).toEqual([expect.stringContaining('interval, frequency')]);
  });
});
