import type { Snapshot } from '../trainer/state.js';

/** The beginning of a batch that a run can go back to. */
export interface Milestone {
  /** Batches since the run began. */
  batch: number;
  step: number;
  /** Whether a step's gradients begin here: with accumulated gradients several batches make one. */
  beginsStep: boolean;
  epoch: number;
  batchIdx: number;
  snapshot: Snapshot;
}

/**
 * Between two points there may be half their age: the last four batches are all there, and then there are about two points
 * for each doubling of the distance. Few points not only hold little memory: what goes free soon is still in the
 * processor's caches when the next step writes its results there.
 */
const AGES_TO_GAP = 2;

/**
 * The points a run can go back to, within a bound on memory: every batch near, sparser further back. What is not kept is
 * reached from the point before it, by going forward again.
 */
export class History {
  limitBytes: number;
  #milestones: (Milestone & { number: number })[] = [];
  #added = 0;
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

  /** Which point was added last: for {@link cutAfter}. */
  get mark(): number {
    return this.#added;
  }

  add(milestone: Milestone): void {
    this.#milestones.push({ ...milestone, number: ++this.#added });
    this.#bytes += milestone.snapshot.bytes;
    this.#thin();
    while (this.#bytes > this.limitBytes && this.#milestones.length > 1) this.#remove(this.#leastMissed());
  }

  /** The latest point that is not after a target. */
  before(isAfter: (milestone: Milestone) => boolean): Milestone | undefined {
    return this.#milestones.findLast((milestone) => !isAfter(milestone));
  }

  /** Batch and step of the point that follows one. */
  after(milestone: Milestone): Pick<Milestone, 'batch' | 'step'> | undefined {
    return this.#milestones.find(({ batch }) => batch > milestone.batch);
  }

  /** Forgets what was added after a mark: the run has gone back to there, and may take another way. */
  cutAfter(mark: number): void {
    while ((this.#milestones.at(-1)?.number ?? 0) > mark) this.#remove(this.#milestones.length - 1);
  }

  clear(): void {
    while (this.#milestones.length > 0) this.#remove(this.#milestones.length - 1);
  }

  /** Takes out what is not missed, the oldest and the newest apart. */
  #thin(): void {
    for (let i = this.#milestones.length - 2; i > 0; i--) if (this.#gapWithout(i) * AGES_TO_GAP <= 1) this.#remove(i);
  }

  /** Index of the point whose going leaves the smallest gap for its age. */
  #leastMissed(): number {
    let chosen = 0;
    for (let i = 1, smallest = Infinity; i < this.#milestones.length - 1; i++) {
      const gap = this.#gapWithout(i);
      if (gap >= smallest) continue;
      smallest = gap;
      chosen = i;
    }
    return chosen;
  }

  /** The gap that a point's going would leave, in parts of its age: counted in batches, for a step may take several. */
  #gapWithout(index: number): number {
    const age = this.#batchOf(this.#milestones.length - 1) - this.#batchOf(index);
    return (this.#batchOf(index + 1) - this.#batchOf(index - 1)) / age;
  }

  #batchOf(index: number): number {
    return this.#milestones[index]?.batch ?? 0;
  }

  #remove(index: number): void {
    const [gone] = this.#milestones.splice(index, 1);
    if (!gone) return;
    this.#bytes -= gone.snapshot.bytes;
    gone.snapshot.dispose();
  }
}
