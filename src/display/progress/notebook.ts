import type { Metrics } from '../../module/metrics.js';
import { SHOW, type MimeBundle } from '../bundle.js';
import { display } from '../display.js';
import { Figure } from '../figure/figure.js';
import { pictureOf } from '../figure/html.js';
import { measureOf } from '../plots/metric-curves.js';
import { ALARM, PALETTE } from '../figure/palette.js';
import { escapeXml } from '../escape.js';
import { Table } from '../tables/table.js';
import { LiveCurve } from './live-curve.js';
import type { ProgressOutcome, ProgressRenderer } from './renderers.js';
import { duration, numbersIn, status, type ProgressView } from './text.js';

/** Five times a second: each update is a message to every front end. */
const INTERVAL_MS = 200;
const MOST_EPOCHS = 12;

const COLOURS = {
  running: PALETTE[0],
  paused: PALETTE[1],
  done: PALETTE[2],
  interrupted: ALARM,
  failed: ALARM,
} as const;

interface EpochRow {
  epoch: number;
  seconds: number;
  metrics: Metrics;
}

let displays = 0;

/** One display in a notebook that is updated as training goes on: bars, a live curve, and a table of the epochs. */
export class NotebookRenderer implements ProgressRenderer {
  readonly separate = true;
  readonly #id = `strobe-progress-${process.pid}-${++displays}`;
  #epochs: EpochRow[] = [];
  readonly #curve = new LiveCurve();
  #views: ProgressView[] = [];
  #state: keyof typeof COLOURS = 'running';
  #last = -Infinity;
  #pausing: NodeJS.Timeout | undefined;

  due(now: number): boolean {
    return now - this.#last >= INTERVAL_MS;
  }

  show(views: ProgressView[]): void {
    this.#goOn();
    this.#views = views;
    const [first] = views;
    if (first?.epoch !== undefined) {
      const at = first.epoch + (Number.isFinite(first.total) ? first.done / first.total : 0);
      this.#forget(first.epoch, at);
      if (typeof first.metrics.loss === 'number') this.#curve.add(at, first.metrics.loss);
    }
    this.#draw();
  }

  /** Not at once: a run that is stepped stands still a thousand times a second. */
  pause(views: ProgressView[]): void {
    this.#goOn();
    this.#pausing = setTimeout(() => {
      this.#views = views;
      this.#state = 'paused';
      this.#draw();
    }, INTERVAL_MS).unref();
  }

  finish(view: ProgressView): void {
    this.#goOn();
    if (view.epoch !== undefined) {
      this.#forget(view.epoch, view.epoch + 1);
      this.#epochs.push({ epoch: view.epoch, seconds: view.elapsed, metrics: ofEpoch(numbersIn(view.metrics)) });
    }
    this.#views = [view];
    if (this.due(performance.now())) this.#draw();
  }

  print(line: string): void {
    console.log(line);
  }

  close(outcome: ProgressOutcome): void {
    this.#goOn();
    this.#state = outcome;
    if (this.#views.length > 0) this.#draw();
  }

  /** What was shown of an epoch and of all after it: a run that was rewound goes through them again. */
  #forget(epoch: number, at: number): void {
    this.#epochs = this.#epochs.filter((row) => row.epoch < epoch);
    this.#curve.cutAt(at);
  }

  #goOn(): void {
    clearTimeout(this.#pausing);
    this.#state = 'running';
  }

  #draw(): void {
    this.#last = performance.now();
    display({ [SHOW]: (): MimeBundle => this.#bundle() }, { id: this.#id });
  }

  #bundle(): MimeBundle {
    const text = this.#views.map((view) => `${view.description}${this.#stateText} ${status(view)}`).join('\n');
    const table = this.#table();
    const bars = this.#views.map((view) => this.#bar(view)).join('');
    const curve = this.#figure();
    const html = `<div style="max-width:720px">${bars}${curve ? pictureOf(curve) : ''}${table ? table.toHtml() : ''}</div>`;
    return { 'text/html': html, 'text/plain': table ? `${text}\n${table.toText()}` : text };
  }

  get #stateText(): string {
    return this.#state === 'running' ? '' : ` · ${this.#state} ·`;
  }

  #bar(view: ProgressView): string {
    const known = Number.isFinite(view.total) && view.total > 0;
    const share = known ? Math.min(100, (100 * view.done) / view.total) : 100;
    const colour = COLOURS[this.#state];
    // What has ended badly may have done nothing yet: there the colour is in the ground, too.
    const ground = colour === ALARM ? `${ALARM}55` : 'rgba(128,128,128,.25)';
    const word = this.#state === 'running' ? '' : ` · <b style="color:${colour}">${this.#state}</b> ·`;
    const fill = `<div style="width:${share.toFixed(1)}%;height:100%;background:${colour}"></div>`;
    return [
      `<div><b>${escapeXml(view.description)}</b>${word} <span style="opacity:.75">${escapeXml(status(view))}</span></div>`,
      `<div style="height:6px;margin:3px 0 8px;border-radius:3px;overflow:hidden;background:${ground}">${fill}</div>`,
    ].join('');
  }

  /** The loss as it is seen while training, and what else measures it at the end of each epoch. */
  #figure(): Figure | undefined {
    if (this.#curve.x.length < 2) return undefined;
    const names = new Set(this.#epochs.flatMap(({ metrics }) => Object.keys(metrics)));
    const others = [...names].filter((name) => measureOf(name) === 'loss' && name !== 'loss');
    const atEnds = others.map((name) => ({
      kind: 'line' as const,
      name,
      x: this.#epochs.map(({ epoch }) => epoch + 1),
      y: this.#epochs.map(({ metrics }) => metrics[name] ?? NaN),
    }));
    const series = [
      { kind: 'line' as const, name: 'loss', x: this.#curve.x, y: this.#curve.y, marked: false },
      ...atEnds,
    ];
    return new Figure({ panels: [{ kind: 'curves', x: { label: 'epoch' }, y: {}, series }] });
  }

  #table(): Table | undefined {
    if (this.#epochs.length === 0) return undefined;
    const names = [...new Set(this.#epochs.flatMap(({ metrics }) => Object.keys(metrics)))];
    const left = Math.max(0, this.#epochs.length - MOST_EPOCHS);
    return new Table({
      columns: ['epoch', ...names, 'time'],
      rows: this.#epochs
        .slice(left)
        .map(({ epoch, metrics, seconds }) => [epoch, ...names.map((name) => metrics[name]), duration(seconds)]),
      notes: left > 0 ? [`and ${left} epochs before`] : [],
    });
  }
}

/** At an epoch's end its last step has nothing to say beside the whole epoch. */
function ofEpoch(metrics: Metrics): Metrics {
  const isOfStep = (name: string) => name.endsWith('_step') && name.replace(/_step$/, '_epoch') in metrics;
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => !isOfStep(name)));
}
