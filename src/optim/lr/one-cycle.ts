import { z } from 'zod';
import { ContractError, StrobeError } from '../../errors.js';
import { atLeast, checkOptions, flag, fraction, nonNegative, oneOf, perGroup, positive } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { checkMomentum } from './momentum.js';
import { ScheduledLR, type Moment } from './scheduled.js';
import { eachGroup } from './scheduler.js';

/** What OneCycleLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface OneCycleLROptions {
  /** The highest learning rate; one, or one per parameter group. */
  maxLr: number | number[];
  /** Steps of the whole cycle. Or give `epochs` and `stepsPerEpoch`. */
  totalSteps?: number;
  /** Epochs of the cycle, in place of `totalSteps`. */
  epochs?: number;
  /** Steps in each of these epochs. */
  stepsPerEpoch?: number;
  /** Share of the cycle in which the learning rate rises. Default 0.3. */
  pctStart?: number;
  /** Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Move the momentum (or first beta) against the learning rate. Default true. */
  cycleMomentum?: boolean;
  /** Momentum at the highest learning rate. Default 0.85. */
  baseMomentum?: number | number[];
  /** Momentum at the start and the end. Default 0.95. */
  maxMomentum?: number | number[];
  /** The initial learning rate is maxLr / divFactor. Default 25. */
  divFactor?: number;
  /** The last learning rate is the initial one / finalDivFactor. Default 1e4. */
  finalDivFactor?: number;
  /** Come down as slowly as it went up, then anneal. Default false: anneal at once. */
  threePhase?: boolean;
}

const schema = z
  .strictObject({
    maxLr: perGroup(nonNegative()),
    totalSteps: atLeast(1).optional(),
    epochs: atLeast(1).optional(),
    stepsPerEpoch: atLeast(1).optional(),
    pctStart: fraction().default(0.3),
    annealStrategy: oneOf('cos', 'linear').default('cos'),
    cycleMomentum: flag().default(true),
    baseMomentum: perGroup(nonNegative()).default(0.85),
    maxMomentum: perGroup(nonNegative()).default(0.95),
    divFactor: positive().default(25),
    finalDivFactor: positive().default(1e4),
    threePhase: flag().default(false),
  })
  .refine(({ totalSteps, epochs, stepsPerEpoch }) => totalSteps ?? (epochs && stepsPerEpoch), {
    path: ['totalSteps'],
    message: 'totalSteps, or epochs and stepsPerEpoch',
  });

/** A stretch of the cycle that ends at step `end`. */
interface Phase {
  end: number;
  lr: [from: Level, to: Level];
  momentum: [from: 'max' | 'base', to: 'max' | 'base'];
}
type Level = 'initial' | 'max' | 'min';

const anneal = {
  cos: (from: number, to: number, share: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share)),
  linear: (from: number, to: number, share: number) => (to - from) * share + from,
};

/**
 * Up to a high learning rate and down to a very small one, once; the momentum the other way (Smith & Topin 2019).
 * Step it after every batch.
 */
export class OneCycleLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: OneCycleLROptions) {
    const checked = checkOptions('OneCycleLR', schema, options);
    const { annealStrategy, cycleMomentum, divFactor, finalDivFactor } = checked;
    const totalSteps = checked.totalSteps ?? (checked.epochs as number) * (checked.stepsPerEpoch as number);
    if (cycleMomentum) checkMomentum('OneCycleLR', optimizer);
    const maxLr = eachGroup('OneCycleLR', 'maxLr', checked.maxLr, optimizer);
    const momenta = {
      base: eachGroup('OneCycleLR', 'baseMomentum', checked.baseMomentum, optimizer),
      max: eachGroup('OneCycleLR', 'maxMomentum', checked.maxMomentum, optimizer),
    };
    const phases = phasesOf(totalSteps, checked.pctStart, checked.threePhase);

    const levels = {
      initial: (group: number) => maxLr(group) / divFactor,
      max: maxLr,
      min: (group: number) => maxLr(group) / divFactor / finalDivFactor,
    };
    const lr = ({ epoch, group }: Moment) => {
      if (epoch > totalSteps) throw overrun(totalSteps);
      const { phase, share } = locate(phases, epoch);
      const [from, to] = phase.lr;
      return anneal[annealStrategy](levels[from](group), levels[to](group), share);
    };
    const momentum = ({ epoch, group }: Moment) => {
      const { phase, share } = locate(phases, epoch);
      const [from, to] = phase.momentum;
      return anneal[annealStrategy](momenta[from](group), momenta[to](group), share);
    };
    optimizer.paramGroups.forEach((group, i) => (group.initialLr = levels.initial(i)));
    super(optimizer, { start: lr, next: lr, ...(cycleMomentum ? { momentum } : {}) });
  }
}

function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const top = pctStart * totalSteps - 1;
  const up: Phase = { end: top, lr: ['initial', 'max'], momentum: ['max', 'base'] };
  if (!threePhase) return [up, { end: totalSteps - 1, lr: ['max', 'min'], momentum: ['base', 'max'] }];
  return [
    up,
    { end: 2 * pctStart * totalSteps - 2, lr: ['max', 'initial'], momentum: ['base', 'max'] },
    { end: totalSteps - 1, lr: ['initial', 'min'], momentum: ['max', 'max'] },
  ];
}

/** The phase a step is in, and how far into it. */
function locate(phases: Phase[], step: number): { phase: Phase; share: number } {
  const index = phases.findIndex(({ end }) => step <= end);
  const phase = phases.at(index) as Phase;
  const before = phases[phases.indexOf(phase) - 1]?.end ?? 0;
  // A phase of no length is over when it begins.
  return { phase, share: phase.end === before ? 1 : (step - before) / (phase.end - before) };
}

function overrun(totalSteps: number): ContractError {
  return new ContractError(
    StrobeError.compose('OneCycleLR is past the end of its cycle', {
      expected: `at most ${totalSteps} steps`,
      received: `step ${totalSteps + 1}`,
      hint: 'make totalSteps the number of batches of the whole training, and step it once per batch.',
    }),
  );
}
