import { notBack } from './refusals.js';
import type { Milestone } from './history.js';

/** Where a run is to go back to: so many optimizer steps back, to a step, or to an epoch's beginning. */
export type WayBack = number | { step: number } | { epoch: number };

/** How far a run has come. */
type Progress = Readonly<{ globalStep: number; epoch: number }>;

export interface Destination {
  /** Whether a remembered point lies behind it. */
  isAfter(point: Milestone): boolean;
  /** Whether the way there can begin at this point. */
  isInReach(point: Milestone): boolean;
  arrived(progress: Progress): boolean;
  /** Whether a run that has taken so many steps is past it. */
  isPassed(globalStep: number): boolean;
}

/** @throws ContractError for what is no way back from here */
export function destinationOf(to: WayBack, from: Progress): Destination {
  if (!isBack(to, from)) throw notBack(to, from.globalStep, from.epoch);
  if (typeof to === 'object' && 'epoch' in to) return beginningOf(to.epoch);
  const step = typeof to === 'number' ? from.globalStep - to : to.step;
  return {
    isAfter: (point) => point.step > step || (point.step === step && !point.beginsStep),
    isInReach: () => true,
    arrived: ({ globalStep }) => globalStep >= step,
    isPassed: (globalStep) => globalStep > step,
  };
}

function beginningOf(epoch: number): Destination {
  return {
    isAfter: (point) => point.epoch > epoch || (point.epoch === epoch && point.batchIdx > 0),
    isInReach: (point) => point.epoch <= epoch,
    arrived: ({ epoch: current }) => current >= epoch,
    isPassed: () => false,
  };
}

/** Whether it says how far to go back, and is not ahead. */
function isBack(to: unknown, { globalStep, epoch }: Progress): boolean {
  const upTo = (value: unknown, limit: number) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= limit;
  if (typeof to !== 'object' || to === null) return upTo(to, Infinity);
  const { step, epoch: first, ...others } = to as { step?: unknown; epoch?: unknown };
  if (Object.keys(others).length > 0) return false;
  return first === undefined ? upTo(step, globalStep) : step === undefined && upTo(first, epoch);
}
