import type { Module } from '../../module/module.js';
import { summaryHtml, summaryText, type Summary } from './layout.js';
import { summaryOf, type SummaryOptions } from './summarize.js';

/** A summary that shows itself: as text, or as an HTML table in a notebook. */
export class SummaryView {
  readonly summary: Summary;

  constructor(summary: Summary) {
    this.summary = summary;
  }

  toString(): string {
    return summaryText(this.summary);
  }

  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString(), 'text/html': summaryHtml(this.summary) };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** What a module is made of, ready to be shown: `summarize(model)` at the end of a notebook's cell. */
export function summarize(module: Module, options: SummaryOptions = {}): SummaryView {
  return new SummaryView(summaryOf(module, options));
}
