import { Profiler } from './profiler.js';

/** Every action with its time, as a file that chrome://tracing and https://ui.perfetto.dev open. */
export class ChromeTraceProfiler extends Profiler {
  readonly #events: { name: string; ts: number; dur: number }[] = [];

  constructor(options: { filename?: string } = {}) {
    super({ ...options, filename: options.filename ?? 'trace.json' });
  }

  protected record(name: string, from: number, to: number): void {
    this.#events.push({ name, ts: from, dur: to - from });
  }

  summary(): string {
    return `${this.#events.length} actions recorded`;
  }

  protected override fileContents(): string {
    // https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU: "X" is a complete event.
    const traceEvents = this.#events.map((event) => ({ ...event, ph: 'X', pid: process.pid, tid: 1, cat: 'strobe' }));
    return JSON.stringify({ traceEvents, displayTimeUnit: 'ms' });
  }
}
