import Table from 'cli-table3';
import { Profiler } from './profiler.js';

interface Entry {
  calls: number;
  total: number;
}

/** How often each action was taken, and how long that took: mean, calls, total, share of the whole. */
export class SimpleProfiler extends Profiler {
  readonly #entries = new Map<string, Entry>();
  #first = Infinity;
  #last = -Infinity;

  protected record(action: string, from: number, to: number): void {
    const entry = this.#entries.get(action) ?? { calls: 0, total: 0 };
    entry.calls += 1;
    entry.total += to - from;
    this.#entries.set(action, entry);
    this.#first = Math.min(this.#first, from);
    this.#last = Math.max(this.#last, to);
  }

  /** Seconds by action, those that took longest first. */
  get rows(): { action: string; mean: number; calls: number; total: number; percent: number }[] {
    const whole = this.#last - this.#first;
    return [...this.#entries]
      .map(([action, { calls, total }]) => ({
        action,
        mean: total / calls / 1e6,
        calls,
        total: total / 1e6,
        percent: (100 * total) / whole,
      }))
      .sort((a, b) => b.total - a.total);
  }

  summary(): string {
    const table = new Table({
      head: ['Action', 'Mean duration (s)', 'Num calls', 'Total time (s)', 'Percentage %'],
      colAligns: ['left', 'right', 'right', 'right', 'right'],
      style: { head: [], border: [] },
    });
    for (const { action, mean, calls, total, percent } of this.rows) {
      table.push([action, mean.toPrecision(5), calls, total.toPrecision(5), percent.toPrecision(5)]);
    }
    return `Profiler report\n${table.toString()}`;
  }
}
