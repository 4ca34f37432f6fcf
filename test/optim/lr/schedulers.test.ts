import { describe, expect, test } from 'vitest';
import { CheckpointError, ConfigurationError, ContractError } from '../../../src/errors.js';
import {
  Adagrad,
  Adam,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  SGD,
  StepLR,
} from '../../../src/optim/index.js';
import { twoParameters } from '../support.js';

const [w, b] = twoParameters();
const sgd = () => new SGD([w], { lr: 0.1, momentum: 0.9 });

test('an initial learning rate is noted in the group by the first scheduler, and kept by the next', () => {
  const optimizer = sgd();
  expect(optimizer.paramGroups[0]).not.toHaveProperty('initialLr');
  const warmup = new ConstantLR(optimizer, { factor: 0.5 });
  expect(new ExponentialLR(optimizer, { gamma: 0.9 }).optimizer).toBe(warmup.optimizer);
  expect(optimizer.paramGroups[0]).toMatchObject({ initialLr: 0.1, lr: 0.05 });
});

test("the initial learning rate is part of the optimizer's state", () => {
  const optimizer = sgd();
  const scheduler = new LambdaLR(optimizer, { lrLambda: (epoch) => 1 / (epoch + 1) });
  scheduler.step();
  const { paramGroups } = optimizer.stateDict();
  expect(paramGroups[0]).toMatchObject({ lr: 0.05, initialLr: 0.1 });
});

test('a group that is added under way joins from the learning rate it has', () => {
  const optimizer = sgd();
  const scheduler = new LambdaLR(optimizer, { lrLambda: (epoch) => 1 / (epoch + 1) });
  scheduler.step();
  optimizer.addParamGroup({ params: [b], lr: 0.6 });
  scheduler.step();
  const [first, second] = scheduler.getLastLr() as [number, number];
  expect(first).toBeCloseTo(0.1 / 3, 12);
  expect(second).toBeCloseTo(0.6 / 3, 12);
});

test('options that are one per group leave no room for a later group', () => {
  const optimizer = sgd();
  const scheduler = new LambdaLR(optimizer, { lrLambda: [() => 1] });
  optimizer.addParamGroup({ params: [b] });
  expect(() => scheduler.step()).toThrow(/lrLambda[\s\S]*2: one per parameter group/);
});

test('a custom scale cycles by cycle or by iteration', () => {
  const options = { baseLr: 0, maxLr: 1, stepSizeUp: 1, cycleMomentum: false };
  const peaks = (scaleMode: 'cycle' | 'iterations') => {
    const scheduler = new CyclicLR(sgd(), { ...options, scaleFn: (x) => x / 8, scaleMode });
    return Array.from({ length: 5 }, () => (scheduler.step(), scheduler.getLastLr()[0]));
  };
  expect(peaks('cycle')).toEqual([1 / 8, 0, 2 / 8, 0, 3 / 8]);
  expect(peaks('iterations')).toEqual([1 / 8, 0, 3 / 8, 0, 5 / 8]);
});

test('one cycle whose rise takes no step starts at the top', () => {
  const optimizer = sgd();
  const scheduler = new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, pctStart: 0.1 });
  expect(scheduler.getLastLr()).toEqual([1]);
});

test('one cycle goes no further than its steps', () => {
  const scheduler = new OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3 });
  for (let step = 0; step < 3; step++) scheduler.step();
  const state = scheduler.stateDict();
  expect(() => scheduler.step()).toThrow(ContractError);
  expect(() => scheduler.step()).toThrow(/at most 3 steps[\s\S]*step 4/);
  expect(scheduler.stateDict()).toEqual(state);
});

test('a schedule that gives no number is an error that changes nothing', () => {
  const optimizer = sgd();
  const scheduler = new LambdaLR(optimizer, { lrLambda: (epoch) => (epoch < 2 ? 1 : NaN) });
  scheduler.step();
  expect(() => scheduler.step()).toThrow(/LambdaLR[\s\S]*group 0[\s\S]*NaN/);
  expect([optimizer.lr, scheduler.lastEpoch]).toEqual([0.1, 1]);
});

test('a plateau is not watched without its metric', () => {
  expect(() => new ReduceLROnPlateau(sgd()).step()).toThrow(/scheduler\.step\(metric\)[\s\S]*undefined/);
});

test('a metric that is not a number counts as no improvement', () => {
  const scheduler = new ReduceLROnPlateau(sgd(), { patience: 0, factor: 0.5 });
  scheduler.step(1);
  scheduler.step(NaN);
  expect([scheduler.best, scheduler.getLastLr()]).toEqual([1, [0.05]]);
});

test('an infinite metric can be the best, also of a state', () => {
  const scheduler = new ReduceLROnPlateau(sgd(), { mode: 'max' });
  scheduler.step(Infinity);
  const again = new ReduceLROnPlateau(sgd(), { mode: 'max' });
  again.loadStateDict(scheduler.stateDict());
  expect(again.best).toBe(Infinity);
});

describe('what a scheduler refuses', () => {
  const o = sgd();
  const twoGroups = new SGD([{ params: [w] }, { params: [b] }], { lr: 0.1 });
  const inner = () => new StepLR(o, { stepSize: 1 });
  const sequence = () => new SequentialLR(o, { schedulers: [inner()], milestones: [] });

  test.each<[string, () => unknown, RegExp]>([
    ['something that is no optimizer', () => new StepLR({} as never, { stepSize: 1 }), /StepLR needs an optimizer/],
    ['a missing option', () => new StepLR(o, {} as never), /'stepSize'[\s\S]*undefined[\s\S]*give stepSize/],
    ['no options where one is required', () => new ExponentialLR(o, undefined as never), /options/],
    ['a misspelt option', () => new StepLR(o, { stepsize: 1 } as never), /no option 'stepsize'[\s\S]*stepSize, gamma/],
    ['a step size of zero', () => new StepLR(o, { stepSize: 0 }), /'stepSize'[\s\S]*at least 1[\s\S]*0/],
    ['a milestone between steps', () => new MultiStepLR(o, { milestones: [1, 2.5] }), /milestones\.1[\s\S]*2\.5/],
    ['a factor above one', () => new ConstantLR(o, { factor: 2 }), /'factor'[\s\S]*\(0, 1\]/],
    ['a start factor of zero', () => new LinearLR(o, { startFactor: 0 }), /'startFactor'/],
    ['a gamma that is no number', () => new ExponentialLR(o, { gamma: '1' } as never), /'gamma'/],
    ['a polynomial of no length', () => new PolynomialLR(o, { totalIters: 0 }), /'totalIters'/],
    ['a cosine of no length', () => new CosineAnnealingLR(o, { tMax: 0 }), /'tMax'/],
    ['shrinking cycles', () => new CosineAnnealingWarmRestarts(o, { t0: 2, tMult: 0.5 }), /'tMult'/],
    ['a lambda that is no function', () => new LambdaLR(o, { lrLambda: 1 } as never), /a function, or one per/],
    ['too few lambdas', () => new LambdaLR(twoGroups, { lrLambda: [() => 1] }), /2: one per[\s\S]*1 values/],
    ['one cycle without an end', () => new OneCycleLR(o, { maxLr: 1 }), /totalSteps, or epochs and stepsPerEpoch/],
    [
      'momentum where there is none',
      () => new OneCycleLR(new Adagrad([w]), { maxLr: 1, totalSteps: 2 }),
      /Adagrad[\s\S]*cycleMomentum/,
    ],
    [
      'an unknown mode',
      () => new CyclicLR(o, { baseLr: 0, maxLr: 1, mode: 'square' } as never),
      /'triangular' \| 'triangular2'/,
    ],
    ['a plateau factor of one', () => new ReduceLROnPlateau(o, { factor: 1 }), /'factor'[\s\S]*\[0, 1\)/],
    [
      'a plateau in a sequence',
      () => new SequentialLR(o, { schedulers: [new ReduceLROnPlateau(o)], milestones: [] }),
      /watch no metric/,
    ],
    [
      'a sequence in a sequence',
      () => new SequentialLR(o, { schedulers: [sequence()], milestones: [] }),
      /no sequence/,
    ],
    ['an empty sequence', () => new SequentialLR(o, { schedulers: [], milestones: [] }), /at least one/],
    [
      'milestones missing',
      () => new SequentialLR(o, { schedulers: [inner(), inner()], milestones: [] }),
      /one milestone fewer/,
    ],
    [
      'milestones out of order',
      () => new SequentialLR(o, { schedulers: [inner(), inner(), inner()], milestones: [3, 2] }),
      /rising order/,
    ],
    [
      'a stranger in a sequence',
      () => new SequentialLR(twoGroups, { schedulers: [inner()], milestones: [] }),
      /another optimizer/,
    ],
  ])('%s', (_what, construct, message) => {
    expect(construct).toThrow(ConfigurationError);
    expect(construct).toThrow(message);
  });

  test('a refused scheduler leaves the optimizer as it was', () => {
    const optimizer = new Adam([w], { lr: 0.1 });
    const before = structuredClone({ ...optimizer.paramGroups[0], params: null });
    expect(() => new OneCycleLR(optimizer, { maxLr: [1, 2], totalSteps: 5 })).toThrow();
    expect(() => new CyclicLR(optimizer, { baseLr: 0, maxLr: 1, maxMomentum: [1, 2] })).toThrow();
    expect({ ...optimizer.paramGroups[0], params: null }).toEqual(before);
  });

  test.each<[string, () => unknown]>([
    ["another kind's state", () => inner().loadStateDict(new ReduceLROnPlateau(o).stateDict())],
    ['nonsense', () => inner().loadStateDict({ lastEpoch: 'three', lastLr: [], baseLrs: [] })],
    ['a shorter sequence', () => sequence().loadStateDict({ lastEpoch: 0, lastLr: [], schedulers: [] })],
  ])('%s', (_what, load) => {
    expect(load).toThrow(CheckpointError);
  });
});
