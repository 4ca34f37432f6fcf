import { metricNames, metricRows, metricSeries, type MetricSource } from '../metric-rows.js';
import type { MetricRow } from '../../trainer/metric-history.js';
import { Figure } from '../figure/figure.js';
import type { CurvePanel, Series } from '../figure/spec.js';
import { smoothed } from './smooth.js';

/** What metricCurves takes. */
export interface MetricCurvesOptions {
  /** Which metrics. Default: all. */
  metrics?: readonly string[];
  /** What they are drawn over. Default `step`. */
  x?: 'step' | 'epoch';
  /** Logarithmic values. Default false. */
  logY?: boolean;
  /** Weight of what came before, from 0 to below 1. Default: 0.9 for series of more than 100 values, else 0. */
  smoothing?: number;
  /** Above all panels. Default: none. */
  title?: string;
}

/** Metrics over the steps of a run: those that measure the same, such as `train_loss` and `val_loss`, in one panel. */
export function metricCurves(source: MetricSource, options: MetricCurvesOptions = {}): Figure {
  const rows = metricRows(source);
  const names = options.metrics ?? metricNames(rows);
  const groups = new Map<string, string[]>();
  for (const name of names) groups.set(measureOf(name), [...(groups.get(measureOf(name)) ?? []), name]);
  const panels = [...groups].map(([measure, members]) => panelOf(rows, measure, members, options));
  const { title } = options;
  return new Figure({
    panels: panels.length > 0 ? panels : [panelOf(rows, 'metrics', [], options)],
    ...(title ? { title } : {}),
  });
}

/** `loss` for `train_loss`, `val_loss`, `val/loss`, `train_loss_step`, `val_loss/dataloader_idx_1`, ... */
export function measureOf(name: string): string {
  const bare = name.replace(/\/dataloader_idx_\d+$/, '').replace(/^(train|val|valid|validation|test)[_/-](?=.)/, '');
  return bare.replace(/(?<=.)_(step|epoch)$/, '');
}

function panelOf(rows: readonly MetricRow[], title: string, names: string[], options: MetricCurvesOptions): CurvePanel {
  const { x = 'step', logY = false, smoothing } = options;
  return {
    kind: 'curves',
    title,
    ...missing(names, metricNames(rows)),
    x: { label: x, integer: true },
    y: { scale: logY ? 'log' : 'linear' },
    series: names.flatMap((name, i) =>
      smoothedSeries({ kind: 'line', name, ...metricSeries(rows, name, x), colour: i }, smoothing),
    ),
  };
}

/** A name that nothing is logged under may be a mistake, or come later: what there is says which. */
export function missing(names: readonly string[], logged: readonly string[]): { empty?: string } {
  const strange = names.filter((name) => !logged.includes(name));
  return strange.length === 0 || logged.length === 0
    ? {}
    : { empty: `no ${strange.join(', ')} so far, but ${logged.join(', ')}` };
}

/** The curve, or the smoothed curve over the pale curve itself. */
export function smoothedSeries(series: Series, smoothing?: number, measured = series.name): Series[] {
  // What is set rather than measured has no noise.
  const weight = smoothing ?? (series.y.length > 100 && !measured.startsWith('lr-') ? 0.9 : 0);
  if (weight <= 0) return [series];
  return [
    { ...series, faint: true },
    { ...series, y: smoothed(series.y, weight), marked: false },
  ];
}
