import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as optim from '../../../src/optim/index.js';
import { SWALR } from '../../../src/optim/lr/swa.js';
import { twoParameters } from '../support.js';

/** Cases seen in PyTorch Lightning, by their ids. */
interface Case {
  id: string;
  given: { metrics?: number[]; 'val metric per epoch'?: number[] };
  expect: { lrs?: number[]; momentum?: number[]; lr_used_in_epoch?: number[]; lr_at_each_batch?: number[] };
}
const cases = JSON.parse(readFileSync(new URL('lightning.json', import.meta.url), 'utf8')) as Case[];

const makers: Record<string, (optimizer: optim.SGD) => optim.LRScheduler> = {
  'CosineAnnealingLR(T_max=8,eta_min=.01)': (o) => new optim.CosineAnnealingLR(o, { tMax: 8, etaMin: 0.01 }),
  'CosineAnnealingWarmRestarts(T_0=3,T_mult=2)': (o) => new optim.CosineAnnealingWarmRestarts(o, { t0: 3, tMult: 2 }),
  'ConstantLR(.5,3)': (o) => new optim.ConstantLR(o, { factor: 0.5, totalIters: 3 }),
  'PolynomialLR(5,2)': (o) => new optim.PolynomialLR(o, { totalIters: 5, power: 2 }),
  'LambdaLR(.95**e)': (o) => new optim.LambdaLR(o, { lrLambda: (epoch) => 0.95 ** epoch }),
  'OneCycleLR(max .1,total 9)': (o) => new optim.OneCycleLR(o, { maxLr: 0.1, totalSteps: 9 }),
  'CyclicLR(.01,.1,up 3)': (o) => new optim.CyclicLR(o, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 3 }),
  'ReduceLROnPlateau(patience=1,factor=.5)': (o) => new optim.ReduceLROnPlateau(o, { patience: 1, factor: 0.5 }),
  'ReduceLROnPlateau(max,abs,thr .1,cooldown 1,patience 0,min_lr .02)': (o) =>
    new optim.ReduceLROnPlateau(o, {
      mode: 'max',
      factor: 0.5,
      thresholdMode: 'abs',
      threshold: 0.1,
      cooldown: 1,
      patience: 0,
      minLr: 0.02,
    }),
  'SequentialLR(Constant .1 x2 -> Exp .9)': (o) =>
    new optim.SequentialLR(o, {
      schedulers: [new optim.ConstantLR(o, { factor: 0.1, totalIters: 2 }), new optim.ExponentialLR(o, { gamma: 0.9 })],
      milestones: [2],
    }),
  'SWALR(swa_lr .05,anneal 4,cos)': (o) => new SWALR(o, { swaLr: 0.05, annealEpochs: 4 }),
  'trainer.plateau': (o) => new optim.ReduceLROnPlateau(o, { patience: 0, factor: 0.5 }),
  'trainer.step2': (o) => new optim.StepLR(o, { stepSize: 1, gamma: 0.5 }),
  'trainer.step2_acc': (o) => new optim.StepLR(o, { stepSize: 1, gamma: 0.5 }),
};

test.each(cases)('$id', ({ id, given, expect: wanted }) => {
  const optimizer = new optim.SGD(twoParameters(), { lr: 0.1, momentum: 0.9 });
  const scheduler = makers[id.replace('sched.', '')]!(optimizer);
  const metrics = given.metrics ?? given['val metric per epoch'];
  const expected = (wanted.lrs ?? wanted.lr_used_in_epoch ?? wanted.lr_at_each_batch) as number[];
  // The trainer's cases step after every second batch, counted inside an epoch of five.
  const due = (step: number) => !wanted.lr_at_each_batch || ((step % 5) + 1) % 2 === 0;
  expected.forEach((lr, step) => {
    expect(Math.abs(optimizer.lr - lr), `step ${step}`).toBeLessThan(1e-12);
    const momentum = wanted.momentum?.[step];
    if (momentum !== undefined) expect(optimizer.paramGroups[0]?.momentum).toBeCloseTo(momentum, 12);
    if (step < expected.length - 1 && due(step)) scheduler.step(metrics?.[step]);
  });
});
