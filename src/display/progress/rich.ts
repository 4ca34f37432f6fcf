import { Chalk, type ChalkInstance } from 'chalk';
import stringWidth from 'string-width';
import { TerminalRenderer } from './renderers.js';
import { bar, count, metricTexts, speed, times, type ProgressView, type ShownMetrics } from './text.js';

/** Colours, as `#rrggbb`. */
export interface ProgressTheme {
  /** The loop's name. */
  description: string;
  /** The bar while it grows. */
  progressBar: string;
  /** The bar when it is done. */
  progressBarFinished: string;
  /** How many of how many. */
  counts: string;
  /** Time gone and time to go. */
  time: string;
  /** Batches a second. */
  processingSpeed: string;
  /** Names of metrics. */
  metricNames: string;
  /** Their values. */
  metrics: string;
}

export const DEFAULT_THEME: ProgressTheme = {
  description: '#ffffff',
  progressBar: '#6206e0',
  progressBarFinished: '#22a06b',
  counts: '#ffffff',
  time: '#8a8a8a',
  processingSpeed: '#8a8a8a',
  metricNames: '#8a8a8a',
  metrics: '#ffffff',
};

/** A bar in colours, and below it the metrics as a table that is as wide as the terminal allows. */
export class RichRenderer extends TerminalRenderer {
  readonly #chalk: ChalkInstance;
  readonly #theme: ProgressTheme;

  constructor(stream: NodeJS.WriteStream, theme: Partial<ProgressTheme> = {}) {
    super(stream);
    this.#chalk = new Chalk({ level: levelOf(stream) });
    this.#theme = { ...DEFAULT_THEME, ...theme };
  }

  protected override draw(view: ProgressView, finished: boolean): string[] {
    const { description, counts, time, processingSpeed, progressBar, progressBarFinished } = this.#theme;
    const parts: [text: string, colour: string][] = [
      [count(view), counts],
      [times(view), time],
      [speed(view), processingSpeed],
    ];
    const rest = () => stringWidth([view.description, ...parts.map(([text]) => text)].join(' '));
    // The speed goes first where there is no room, then the times.
    while (parts.length > 1 && rest() + 7 > this.columns) parts.pop();
    const width = Math.min(40, this.columns - rest() - 1);
    const drawn = width < 3 ? [] : [[bar(view.done, view.total, width), finished ? progressBarFinished : progressBar]];
    const line = [[view.description, description] as const, ...drawn, ...parts]
      .map(([text = '', colour = '']) => this.#paint(text, colour))
      .join(' ');
    return [line, ...this.#table(view.metrics)];
  }

  /** Pairs of lines, names above values; as many columns in each pair as fit. */
  #table(metrics: ShownMetrics): string[] {
    const lines: string[] = [];
    let [names, values, used] = ['', '', 0];
    const flush = (): void => {
      if (used > 0) lines.push(this.#paint(names, this.#theme.metricNames), this.#paint(values, this.#theme.metrics));
      [names, values, used] = ['', '', 0];
    };
    for (const [name, text] of metricTexts(metrics)) {
      const width = Math.max(stringWidth(name), stringWidth(text)) + 2;
      if (width > this.columns) continue;
      if (used + width > this.columns) flush();
      names += name.padStart(width);
      values += text.padStart(width);
      used += width;
    }
    flush();
    return lines;
  }

  #paint(text: string, colour: string): string {
    return this.#chalk.hex(colour)(text);
  }
}

/** As many colours as the terminal has; none where the user wants none. */
function levelOf(stream: NodeJS.WriteStream): 0 | 1 | 2 | 3 {
  const depth = 'NO_COLOR' in process.env ? 1 : stream.getColorDepth();
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
