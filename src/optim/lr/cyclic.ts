import { z } from 'zod';
import { checkOptions, finite, flag, func, nonNegative, oneOf, perGroup, positive } from '../options.js';
import type { Optimizer } from '../optimizer.js';
import { checkMomentum } from './momentum.js';
import { ScheduledLR, type Moment } from './scheduled.js';
import { eachGroup } from './scheduler.js';

/** Scales a cycle's height: by the number of the cycle (from 1), or of the step. */
export type ScaleFn = (x: number) => number;

/** What CyclicLR takes. Steps are epochs, unless `configureOptimizers` says `interval: 'step'`. */
export interface CyclicLROptions {
  /** The lowest learning rate; one, or one per parameter group. */
  baseLr: number | number[];
  /** The highest learning rate. */
  maxLr: number | number[];
  /** Steps of the rising half. Default 2000. */
  stepSizeUp?: number;
  /** Steps of the falling half. Default: as many as rising. */
  stepSizeDown?: number;
  /** Cycles of one height, of half the height each time, or of height gamma ^ step. Default 'triangular'. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** For 'exp_range'. Default 1. */
  gamma?: number;
  /** Instead of a mode: the height's scale. Not part of the state. */
  scaleFn?: ScaleFn;
  /** What scaleFn is called with: the number of the cycle, or of the step. Default 'cycle'. */
  scaleMode?: 'cycle' | 'iterations';
  /** Move the momentum (or first beta) against the learning rate. Default true. */
  cycleMomentum?: boolean;
  /** Momentum at the highest learning rate. Default 0.8. */
  baseMomentum?: number | number[];
  /** Momentum at the lowest learning rate. Default 0.9. */
  maxMomentum?: number | number[];
}

const schema = z.strictObject({
  baseLr: perGroup(nonNegative()),
  maxLr: perGroup(nonNegative()),
  stepSizeUp: positive().default(2000),
  stepSizeDown: positive().optional(),
  mode: oneOf('triangular', 'triangular2', 'exp_range').default('triangular'),
  gamma: finite().default(1),
  scaleFn: func<ScaleFn>().optional(),
  scaleMode: oneOf('cycle', 'iterations').default('cycle'),
  cycleMomentum: flag().default(true),
  baseMomentum: perGroup(nonNegative()).default(0.8),
  maxMomentum: perGroup(nonNegative()).default(0.9),
});

/** The learning rate up and down between two bounds, the momentum the other way (Smith 2017). Step it after every batch. */
export class CyclicLR extends ScheduledLR {
  constructor(optimizer: Optimizer, options: CyclicLROptions) {
    const checked = checkOptions('CyclicLR', schema, options);
    const { stepSizeUp, stepSizeDown = stepSizeUp, cycleMomentum } = checked;
    if (cycleMomentum) checkMomentum('CyclicLR', optimizer);
    const each = (option: 'baseLr' | 'maxLr' | 'baseMomentum' | 'maxMomentum') =>
      eachGroup('CyclicLR', option, checked[option], optimizer);
    const [baseLr, maxLr, baseMomentum, maxMomentum] = [
      each('baseLr'),
      each('maxLr'),
      each('baseMomentum'),
      each('maxMomentum'),
    ];
    const scale = scaleOf(checked);

    const length = stepSizeUp + stepSizeDown;
    const rising = stepSizeUp / length;
    /** 0 at the bottom of a cycle; at its top 1, times the scale. */
    const height = (epoch: number) => {
      const cycle = Math.floor(1 + epoch / length);
      const position = 1 + epoch / length - cycle;
      return (position <= rising ? position / rising : (position - 1) / (rising - 1)) * scale(cycle, epoch);
    };
    const lr = ({ epoch, group }: Moment) => baseLr(group) + (maxLr(group) - baseLr(group)) * height(epoch);
    const momentum = ({ epoch, group }: Moment) =>
      maxMomentum(group) - (maxMomentum(group) - baseMomentum(group)) * height(epoch);
    optimizer.paramGroups.forEach((group, i) => (group.lr = baseLr(i)));
    super(optimizer, { start: lr, next: lr, ...(cycleMomentum ? { momentum } : {}) });
  }
}

const scales = {
  triangular: () => 1,
  triangular2: (cycle: number) => 0.5 ** (cycle - 1),
  exp_range: (_cycle: number, epoch: number, gamma: number) => gamma ** epoch,
};

function scaleOf({ mode, gamma, scaleFn, scaleMode }: z.output<typeof schema>) {
  if (scaleFn) return (cycle: number, epoch: number) => scaleFn(scaleMode === 'cycle' ? cycle : epoch);
  return (cycle: number, epoch: number) => scales[mode](cycle, epoch, gamma);
}
