import { Chalk } from 'chalk';
import stringWidth from 'string-width';
import { bar, status, type ProgressView } from './text.js';

/** How what was shown came to its end. */
export type ProgressOutcome = 'done' | 'interrupted' | 'failed';

/** Where progress is shown. A renderer decides how often; it is told about every change. */
export interface ProgressRenderer {
  /** Whether it would show something now: what is not shown need not be computed. */
  due(now: number): boolean;
  /** The loops that are under way, outermost first. */
  show(views: ProgressView[]): void;
  /** A loop has ended: what is worth keeping of it. */
  finish(view: ProgressView): void;
  /** Whether what is shown goes away by itself: then the end of a loop need not be kept. */
  readonly transient?: boolean;
  /** Whether each run has one of its own. */
  readonly separate?: boolean;
  /** A line that has nothing to do with progress. */
  print(line: string): void;
  /** The loops stand still, and may go on: shown until they do. */
  pause?(views: ProgressView[]): void;
  /** Nothing more will be shown: the whole is over. */
  close?(outcome: ProgressOutcome): void;
}

const CLEAR_LINE = '\u001B[2K';
const up = (lines: number) => (lines > 0 ? `\u001B[${lines}A` : '');

/** Bars that are drawn over themselves, at most ten times a second. */
export class TerminalRenderer implements ProgressRenderer {
  readonly transient = true;
  readonly #stream: NodeJS.WriteStream;
  readonly #chalk: InstanceType<typeof Chalk>;
  #drawn = 0;
  #last = -Infinity;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#chalk = new Chalk({ level: 'NO_COLOR' in process.env || stream.getColorDepth() < 4 ? 0 : 1 });
  }

  due(now: number): boolean {
    return now - this.#last >= 100;
  }

  show(views: ProgressView[]): void {
    this.#last = performance.now();
    this.#redraw([], views);
  }

  finish(view: ProgressView): void {
    this.#redraw(this.draw(view, true), []);
  }

  print(line: string): void {
    this.#redraw(line.split('\n'), []);
  }

  /** Wipes what was drawn, writes lines that stay, and draws anew: one write, so that nothing flickers. */
  #redraw(kept: string[], views: ProgressView[]): void {
    const lines = views.flatMap((view) => this.draw(view, false));
    const wiped =
      this.#drawn === 0
        ? ''
        : `\r${up(this.#drawn - 1)}${`${CLEAR_LINE}\n`.repeat(this.#drawn - 1)}${CLEAR_LINE}\r${up(this.#drawn - 1)}`;
    this.#stream.write(wiped + kept.map((line) => `${line}\n`).join('') + lines.join('\n'));
    this.#drawn = lines.length;
  }

  /** How wide a line may be. */
  protected get columns(): number {
    return (this.#stream.columns || 80) - 1;
  }

  /** A loop as lines, none wider than `columns`. */
  protected draw(view: ProgressView, finished: boolean): string[] {
    const paint = finished ? this.#chalk.green : this.#chalk.cyan;
    let text = status(view);
    const width = () => Math.min(30, this.columns - stringWidth(`${view.description}  ${text}`) - 1);
    // Metrics give way before the numbers do, the last ones first.
    while (width() < 6 && text.split(' | ').length > 3) text = text.slice(0, text.lastIndexOf(' | '));
    const drawing = width() >= 3 ? ` ${paint(bar(view.done, view.total, width()))}` : '';
    return [`${this.#chalk.bold(view.description)}${drawing} ${text}`];
  }
}

/** Plain lines: one every five seconds, and one for each epoch that ends. */
export class LineRenderer implements ProgressRenderer {
  readonly #stream: NodeJS.WritableStream;
  #last = performance.now();

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  due(now: number): boolean {
    return now - this.#last >= 5000;
  }

  show(views: ProgressView[]): void {
    this.#last = performance.now();
    const view = views.at(-1);
    if (view) this.print(`${view.description}: ${status(view)}`);
  }

  finish(view: ProgressView): void {
    this.#last = performance.now();
    this.print(`${view.description}: ${status(view)}`);
  }

  print(line: string): void {
    this.#stream.write(`${line}\n`);
  }
}
