import type { Metrics } from '../module/metrics.js';

/** What was logged at one step: the step, the epoch, and the metrics by name. */
export type MetricRow = Metrics & { step: number; epoch: number };

/** An entry and what came before it: a place in the history is one reference, which is all that a snapshot keeps. */
interface Entry {
  readonly row: MetricRow;
  readonly before: MetricMark;
  readonly length: number;
}

/** A place in the history; undefined is its beginning. */
export type MetricMark = Entry | undefined;

const LIMIT = 10_000;

/**
 * Everything a run has sent to its loggers, in memory. It is bounded: when it is full, every second row of the older
 * half goes, those that end an epoch last.
 */
export class MetricHistory {
  /** Where the history stands. Setting it goes back, or takes over another run's history up to there. */
  mark: MetricMark;
  readonly #limit: number;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  add(row: MetricRow): void {
    this.mark = link(this.mark, row);
    if (this.mark.length > this.#limit) this.mark = thinned(entriesOf(this.mark)).reduce(link, undefined as MetricMark);
  }

  /** One row for each step, oldest first. */
  get rows(): MetricRow[] {
    const rows: MetricRow[] = [];
    for (const row of entriesOf(this.mark)) {
      const last = rows.at(-1);
      if (last?.step === row.step && last.epoch === row.epoch) Object.assign(last, row);
      else rows.push({ ...row });
    }
    return rows;
  }
}

function link(before: MetricMark, row: MetricRow): Entry {
  return { row, before, length: (before?.length ?? 0) + 1 };
}

function entriesOf(mark: MetricMark): MetricRow[] {
  const rows: MetricRow[] = [];
  for (let entry = mark; entry; entry = entry.before) rows.push(entry.row);
  return rows.reverse();
}

function thinned(rows: MetricRow[]): MetricRow[] {
  const half = rows.length / 2;
  const older = (keep: (row: MetricRow, i: number) => boolean) => rows.filter((row, i) => i >= half || keep(row, i));
  const kept = older((row, i) => i % 2 === 0 || endsEpoch(row, rows[i + 1]));
  // Nearly all rows end an epoch: then they are what has to give way.
  return kept.length > rows.length * 0.9 ? older((_, i) => i % 2 === 0) : kept;
}

function endsEpoch(row: MetricRow, next: MetricRow | undefined): boolean {
  return next !== undefined && next.epoch > row.epoch;
}
