import { z } from 'zod';
import type { ProgressRenderer } from '../display/progress/renderers.js';
import { RichRenderer, type ProgressTheme } from '../display/progress/rich.js';
import { checkOptions } from './options.js';
import { ProgressBar, type ProgressBarOptions } from './progress-bar.js';

const colour = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'a colour as #rrggbb');

const schema = z.strictObject({
  description: colour.optional(),
  progressBar: colour.optional(),
  progressBarFinished: colour.optional(),
  counts: colour.optional(),
  time: colour.optional(),
  processingSpeed: colour.optional(),
  metricNames: colour.optional(),
  metrics: colour.optional(),
});

/** What RichProgressBar takes: what ProgressBar does, and colours. */
export type RichProgressBarOptions = ProgressBarOptions & {
  /** Colours of the parts, as `#rrggbb`. */
  theme?: Partial<ProgressTheme>;
};

/** A {@link ProgressBar} in colours, with the metrics as a table below it; plain lines where there is no terminal. */
export class RichProgressBar extends ProgressBar {
  readonly #theme: Partial<ProgressTheme>;

  constructor({ theme, ...options }: RichProgressBarOptions = {}) {
    super(options);
    const given = checkOptions("RichProgressBar's theme", schema, theme);
    this.#theme = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  }

  protected override terminalRenderer(stream: NodeJS.WriteStream): ProgressRenderer {
    return new RichRenderer(stream, this.#theme);
  }
}
