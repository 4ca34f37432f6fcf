import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import * as optim from '../../../src/optim/index.js';
import { SWALR } from '../../../src/optim/lr/swa.js';
import { reference, type SchedulerCase } from '../reference/reference.js';
import { named } from '../support.js';

type Construct = new (optimizer: optim.Optimizer, options: object) => optim.LRScheduler;
const constructors = { ...optim, SWALR } as unknown as Record<string, Construct>;

function makeOptimizer(kind: SchedulerCase['optimizer']): optim.Optimizer {
  const groups = [{ params: [named('a', tf.zeros([1]))] }, { params: [named('b', tf.zeros([1]))], lr: 0.03 }];
  return kind === 'SGD' ? new optim.SGD(groups, { lr: 0.1, momentum: 0.9 }) : new optim.Adam(groups, { lr: 0.1 });
}

function makeScheduler(optimizer: optim.Optimizer, kind: string, options: object): optim.LRScheduler {
  const construct = constructors[kind] as Construct;
  if (kind === 'LambdaLR') {
    const lrLambda = [(epoch: number) => 0.95 ** epoch, (epoch: number) => 1 / (1 + epoch)];
    return new construct(optimizer, { lrLambda });
  }
  if (kind === 'SequentialLR') {
    const { schedulers, milestones } = options as { schedulers: [string, object][]; milestones: number[] };
    const parts = schedulers.map(([kind, options]) => makeScheduler(optimizer, kind, options));
    return new construct(optimizer, { schedulers: parts, milestones });
  }
  return new construct(optimizer, options);
}

const lrs = ({ paramGroups }: optim.Optimizer) => paramGroups.map((group) => group.lr);
const momenta = ({ paramGroups }: optim.Optimizer) => paramGroups.map((group) => group.betas?.[0] ?? group.momentum);

function expectClose(got: (number | undefined)[][], want: number[][]): void {
  expect(got.length).toBe(want.length);
  got.forEach((row, step) =>
    row.forEach((value, group) =>
      expect(
        Math.abs((value as number) - (want[step]?.[group] as number)),
        `step ${step}, group ${group}`,
      ).toBeLessThan(1e-12),
    ),
  );
}

/** A state as it comes back from a file. */
const throughJson = (state: optim.SchedulerState) => JSON.parse(JSON.stringify(state)) as optim.SchedulerState;

for (const [index, given] of reference.schedulers.entries()) {
  const { scheduler: kind, options, optimizer: optimizerKind, pokes, metrics } = given;
  const byHand = Object.keys(pokes).length > 0;
  const title = `${kind} ${JSON.stringify(options)} on ${optimizerKind}${byHand ? ', changed by hand' : ''} (${index})`;

  test(`${title} gives PyTorch's sequence`, () => {
    const optimizer = makeOptimizer(optimizerKind);
    const scheduler = makeScheduler(optimizer, kind, options);
    const seen = [{ lrs: lrs(optimizer), momenta: momenta(optimizer) }];
    for (let step = 0; step < given.lrs.length - 1; step++) {
      optimizer.paramGroups[0]!.lr = pokes[step] ?? (optimizer.paramGroups[0] as optim.ParamGroup).lr;
      scheduler.step(metrics?.[step]);
      expect(scheduler.getLastLr()).toEqual(lrs(optimizer));
      seen.push({ lrs: lrs(optimizer), momenta: momenta(optimizer) });
    }
    expect(scheduler.lastEpoch).toBe(given.lrs.length - 1);
    expectClose(
      seen.map((row) => row.lrs),
      given.lrs,
    );
    if (given.momenta)
      expectClose(
        seen.map((row) => row.momenta),
        given.momenta,
      );
    else expect(seen.map((row) => row.momenta)).toEqual(seen.map(() => seen[0]?.momenta));
  });

  test(`${title} continues exactly from a state`, () => {
    const straight = makeOptimizer(optimizerKind);
    const original = makeScheduler(straight, kind, options);
    for (let cut = 0; cut < given.lrs.length - 1; cut++) {
      const resumed = makeOptimizer(optimizerKind);
      const scheduler = makeScheduler(resumed, kind, options);
      scheduler.loadStateDict(throughJson(original.stateDict()));
      resumed.loadStateDict(straight.stateDict());
      expect(scheduler.getLastLr()).toEqual(original.getLastLr());
      expect(scheduler.lastEpoch).toBe(original.lastEpoch);

      original.step(metrics?.[cut]);
      scheduler.step(metrics?.[cut]);
      expect(lrs(resumed)).toEqual(lrs(straight));
      expect(momenta(resumed)).toEqual(momenta(straight));
      expect(scheduler.stateDict()).toEqual(original.stateDict());
    }
  });
}

test('schedulers stepped one after the other combine as in PyTorch', () => {
  const optimizer = makeOptimizer('SGD');
  const chain = reference.chained.schedulers.map(([kind, options]) => makeScheduler(optimizer, kind, options));
  const seen = [lrs(optimizer)];
  for (let step = 1; step < reference.chained.lrs.length; step++) {
    for (const scheduler of chain) scheduler.step();
    seen.push(lrs(optimizer));
  }
  expectClose(seen, reference.chained.lrs);
});
