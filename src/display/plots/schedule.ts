import { ConfigurationError, describe, StrobeError } from '../../errors.js';
import { LRScheduler } from '../../optim/lr/scheduler.js';
import { clonePlain, plainFields } from '../../tensors/plain.js';
import { Figure } from '../figure/figure.js';
import type { CurvePanel } from '../figure/spec.js';

/** A scheduler, or a function that makes one, or that gives what `configureOptimizers` gives. */
export type ScheduleSource =
  LRScheduler | (() => LRScheduler | { lrScheduler: LRScheduler | { scheduler: LRScheduler } });

/**
 * The learning rates a scheduler will give, without training: of each parameter group, and its momentum if that changes
 * too. A scheduler that is in use is put back as it was.
 *
 * @param steps how often it is stepped
 */
export function schedulePreview(source: ScheduleSource, steps: number): Figure {
  const scheduler = schedulerOf(source);
  const { paramGroups } = scheduler.optimizer;
  const state = clonePlain(scheduler.stateDict());
  const former = paramGroups.map((group) => clonePlain(plainFields(group)));
  const taken = { lr: paramGroups.map((): number[] => []), momentum: paramGroups.map((): number[] => []) };
  try {
    for (let step = 0; step <= steps; step++) {
      paramGroups.forEach((group, i) => {
        taken.lr[i]?.push(group.lr);
        taken.momentum[i]?.push(momentumOf(group));
      });
      if (step < steps) scheduler.step();
    }
  } finally {
    scheduler.loadStateDict(state);
    paramGroups.forEach((group, i) => Object.assign(group, former[i]));
  }
  const moves = taken.momentum.some((values) => values.some((value) => value !== values[0] && Number.isFinite(value)));
  return new Figure({
    title: `${scheduler.constructor.name} · ${steps} steps`,
    panels: [panelOf('learning rate', taken.lr), ...(moves ? [panelOf('momentum', taken.momentum)] : [])],
  });
}

function panelOf(title: string, groups: number[][]): CurvePanel {
  const series = groups.map((y, i) => ({
    kind: 'line' as const,
    name: groups.length > 1 ? `group ${i}` : '',
    x: y.map((_, step) => step),
    y,
    marked: false,
  }));
  return { kind: 'curves', title, x: { label: 'step', integer: true }, y: {}, series };
}

function momentumOf(group: object): number {
  const { momentum, betas } = group as { momentum?: number; betas?: [number, number] };
  return betas?.[0] ?? momentum ?? NaN;
}

function schedulerOf(source: ScheduleSource): LRScheduler {
  const made = typeof source === 'function' ? source() : source;
  const scheduler = 'lrScheduler' in made ? made.lrScheduler : made;
  const found = 'scheduler' in scheduler ? scheduler.scheduler : scheduler;
  if (found instanceof LRScheduler) return found;
  throw new ConfigurationError(
    StrobeError.compose('schedulePreview: there is no scheduler to preview.', {
      expected: 'an LRScheduler, or a function that returns one or { optimizer, lrScheduler }',
      received: describe(source),
      hint: 'for example schedulePreview(new CosineAnnealingLR(optimizer, { tMax: 100 }), 100)',
    }),
  );
}
