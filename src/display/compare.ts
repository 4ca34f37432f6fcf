import type { Run } from '../run/run.js';
import { isPlainData } from '../tensors/plain.js';
import type { MetricRow } from '../trainer/metric-history.js';
import { SHOW, type MimeBundle } from './bundle.js';
import { metricNames, metricSeries } from './metric-rows.js';
import { Figure } from './figure/figure.js';
import type { CurvePanel, Series } from './figure/spec.js';
import { missing, smoothedSeries } from './plots/metric-curves.js';
import { brief } from './tables/callbacks.js';
import { best, lessIsBetter } from './tables/metrics.js';
import { Table, type Cell } from './tables/table.js';

/** Runs side by side: the table and the plot, shown together by `display(comparison)`. */
export class Comparison {
  /** One column for each run: where it stands, the settings that differ, and each metric's last and best value. */
  readonly table: Table;
  /** The runs' curves over each other, a panel for each metric. */
  readonly figure: Figure;

  constructor(table: Table, figure: Figure) {
    this.table = table;
    this.figure = figure;
  }

  /** The table, and the curves below it in characters. */
  toText(): string {
    return `${this.table.toText()}\n\n${this.figure.toText()}`;
  }

  /** What a notebook shows: the same thing by MIME type. */
  [SHOW](): MimeBundle {
    return {
      'text/html': `${this.table.toHtml()}<div style="height:12px"></div>${this.figure.toHtml()}`,
      'text/plain': this.toText(),
    };
  }
}

/** What compareRuns takes. */
export interface CompareOptions {
  /** Which metrics. Default: all that any of the runs has. */
  metrics?: readonly string[];
  /** Logarithmic values. Default false. */
  logY?: boolean;
  /** Weight of what came before, from 0 to below 1. Default: 0.9 for series of more than 100 values, else 0. */
  smoothing?: number;
}

/** Compares runs, such as a run and its forks: what differs between them, and how they do. */
export function compareRuns(runs: readonly Run[], options: CompareOptions = {}): Comparison {
  const histories = runs.map((run) => run.trainer.metricHistory);
  const names = options.metrics ?? [...new Set(histories.flatMap(metricNames))];
  const titles = distinct(runs.map(({ name }) => name));
  const figure = new Figure({
    panels: names.map((name) => overlay(name, titles, histories, options)),
  });
  return new Comparison(tableOf(runs, titles, names, histories), figure);
}

function tableOf(runs: readonly Run[], titles: string[], names: readonly string[], histories: MetricRow[][]): Table {
  const rows: Cell[][] = [
    ['status', ...runs.map(({ status }) => status)],
    [
      'position',
      ...runs.map(({ position }) => `epoch ${position.epoch} · step ${position.globalStep} · ${position.hook}`),
    ],
    ...differing(runs),
  ];
  const highlights: [number, number][] = [];
  const add = (title: string, values: number[], wanted: number): void => {
    const best = values.indexOf(wanted);
    if (new Set(values).size > 1 && best >= 0) highlights.push([rows.length, best + 1]);
    rows.push([title, ...values.map((value) => (Number.isNaN(value) ? '' : value))]);
  };
  for (const name of names) {
    const series = histories.map((rowsOfRun) => metricSeries(rowsOfRun, name).y);
    const last = series.map((values) => values.at(-1) ?? NaN);
    const bests = series.map((values) => best(name, values));
    add(`${name} · last`, last, best(name, last));
    if (!name.startsWith('lr-'))
      add(`${name} · ${lessIsBetter(name) ? 'lowest' : 'highest'}`, bests, best(name, bests));
  }
  return new Table({ title: 'Runs compared', columns: ['', ...titles], rows, highlights });
}

/** Settings that are not the same in all runs. */
function differing(runs: readonly Run[]): Cell[][] {
  // A run under way has its callbacks' fields in place; looking at another's would take them away from it.
  const settled = runs.every(({ status }) => status !== 'running');
  const all = runs.map((run) => settingsOf(run, settled));
  const paths = [...new Set(all.flatMap((settings) => [...settings.keys()]))];
  return paths.flatMap((path) => {
    const values = all.map((settings) => settings.get(path) ?? '');
    return new Set(values).size > 1 ? [[path, ...values]] : [];
  });
}

function settingsOf(run: Run, withCallbacks: boolean): Map<string, string> {
  const { trainer } = run;
  const found = new Map<string, string>([['seed', String(trainer.seed)]]);
  const add = (prefix: string, owner: object): void => {
    for (const [name, value] of Object.entries(owner)) {
      if (isPlainData(value) && value !== undefined) found.set(prefix + name, brief(value));
    }
  };
  add('', trainer.limits);
  trainer.optimizers.forEach(({ paramGroups }, i) => {
    const optimizer = trainer.optimizers.length > 1 ? `optimizer ${i} ` : '';
    paramGroups.forEach((group, j) => add(`${optimizer}${paramGroups.length > 1 ? `group ${j} ` : ''}`, group));
  });
  if (!withCallbacks) return found;
  for (const callback of run.callbacks) add(`${callback.constructor.name}.`, callback);
  add('hparams.', run.module.hparams);
  return found;
}

function overlay(name: string, titles: string[], histories: MetricRow[][], options: CompareOptions): CurvePanel {
  const { logY = false, smoothing } = options;
  return {
    kind: 'curves',
    title: name,
    ...missing([name], [...new Set(histories.flatMap(metricNames))]),
    x: { label: 'step', integer: true },
    y: { scale: logY ? 'log' : 'linear' },
    series: histories.flatMap((rows, i) => {
      const series: Series = { kind: 'line', name: titles[i] ?? '', ...metricSeries(rows, name), colour: i };
      return smoothedSeries(series, smoothing, name);
    }),
  };
}

/** Names that are the same get numbers. */
function distinct(names: string[]): string[] {
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${i + 1})`));
}
