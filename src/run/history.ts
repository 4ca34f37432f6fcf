import type { Snapshot } from '../trainer/state.js';

/** The beginning of a batch that a run can go back to. */
export interface Milestone {
  step: number;
  epoch: number;
  batchIdx: number;
  snapshot: Snapshot;
}

/** The newest are all kept; among the others, those go first that lie closest together for their age. */
const RECENT = 16;

/**
 * The points a run can go back to, within a bound on memory: every step near, sparser further back. What a bound cannot
 * hold is reached from the milestone before it, by going forward again.
 */
export class History {
  limitBytes: number;
  #milestones: Milestone[] = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Optimizer steps of the oldest and the newest point, -1 when there is none; bytes held, and the bound. */
  get extent(): { from: number; to: number; bytes: number; limitBytes: number } {
    const from = this.#milestones[0]?.step ?? -1;
    const to = this.#milestones.at(-1)?.step ?? -1;
    return { from, to, bytes: this.#bytes, limitBytes: this.limitBytes };
  }

  add(milestone: Milestone): void {
    this.#milestones.push(milestone);
    this.#bytes += milestone.snapshot.bytes;
    while (this.#bytes > this.limitBytes && this.#milestones.length > 1) this.#remove(this.#leastMissed());
  }

  /** The latest point that is not after a target. */
  before(isAfter: (milestone: Milestone) => boolean): Milestone | undefined {
    return this.#milestones.findLast((milestone) => !isAfter(milestone));
  }

  /** Forgets a point and everything after it: a run that goes on from there passes them again. */
  cutAt(milestone: Milestone): void {
    const at = this.#milestones.indexOf(milestone);
    for (let i = this.#milestones.length - 1; i >= at; i--) this.#remove(i);
  }

  clear(): void {
    while (this.#milestones.length > 0) this.#remove(this.#milestones.length - 1);
  }

  /** Index of the point whose going leaves the smallest gap for its age. */
  #leastMissed(): number {
    const newest = this.#milestones.at(-1)?.step ?? 0;
    const candidates = this.#milestones.length - RECENT;
    if (candidates < 2) return 0;
    let chosen = 0;
    let smallest = Infinity;
    for (let i = 1; i < candidates; i++) {
      const gap = (this.#stepOf(i + 1) - this.#stepOf(i - 1)) / (newest - this.#stepOf(i) + 1);
      if (gap >= smallest) continue;
      smallest = gap;
      chosen = i;
    }
    return chosen;
  }

  #stepOf(index: number): number {
    return this.#milestones[index]?.step ?? 0;
  }

  #remove(index: number): void {
    const [gone] = this.#milestones.splice(index, 1);
    if (!gone) return;
    this.#bytes -= gone.snapshot.bytes;
    gone.snapshot.dispose();
  }
}
