import type { Metrics } from '../../module/metrics.js';

/** What has been done up to a moment; all but `flops` are sums since the beginning. */
export interface Mark {
  /** Seconds. */
  time: number;
  batches: number;
  samples: number;
  /** Items of sequences, such as tokens; undefined if nobody counts them. */
  lengths: number | undefined;
  /** Floating-point operations of this batch alone. */
  flops: number | undefined;
}

/** The last few marks: rates are those from the first of them to the last. */
export class ThroughputWindow {
  readonly #size: number;
  readonly #availableFlops: number | undefined;
  #marks: Mark[] = [];

  /** @param availableFlops what the machine could do in a second, for `mfu`: the share of it that is used. */
  constructor(size: number, availableFlops?: number) {
    this.#size = size;
    this.#availableFlops = availableFlops;
  }

  add(mark: Mark): void {
    this.#marks.push(mark);
    if (this.#marks.length > this.#size) this.#marks.shift();
  }

  /** Sums so far, and rates once the window is full. */
  compute(separator: string): Metrics {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (!first || !last) return {};
    const { time, batches, samples, lengths } = last;
    const sums: Metrics = { time, batches, samples, ...(lengths === undefined ? {} : { lengths }) };
    if (this.#marks.length < this.#size || time === first.time) return sums;
    const perSecond = (amount: number) => amount / (time - first.time);
    const rates: Metrics = {
      batches_per_sec: perSecond(batches - first.batches),
      samples_per_sec: perSecond(samples - first.samples),
    };
    if (lengths !== undefined) rates['items_per_sec'] = perSecond(lengths - (first.lengths ?? 0));
    if (last.flops !== undefined) {
      // The first batch of the window was done before its time begins.
      const flops = perSecond(this.#marks.slice(1).reduce((sum, mark) => sum + (mark.flops ?? 0), 0));
      rates['flops_per_sec'] = flops;
      if (this.#availableFlops !== undefined) rates['mfu'] = flops / this.#availableFlops;
    }
    const named = Object.entries(rates).map(([name, value]) => [`device${separator}${name}`, value] as const);
    return { ...sums, ...Object.fromEntries(named) };
  }
}
