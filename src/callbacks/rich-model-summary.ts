import { Chalk } from 'chalk';
import { richSummary, type Summary } from '../display/summary/layout.js';
import { ModelSummary } from './model-summary.js';

/** A {@link ModelSummary} as a table with lines and colours; plain where it is not a terminal that it is printed on. */
export class RichModelSummary extends ModelSummary {
  override render(summary: Summary): string {
    if (!process.stdout.isTTY) return super.render(summary);
    const level = 'NO_COLOR' in process.env || process.stdout.getColorDepth() < 4 ? 0 : 1;
    return richSummary(summary, new Chalk({ level }));
  }
}
