import { metricNames, metricRows, type MetricSource } from '../metric-rows.js';
import { Table } from './table.js';

/** Whether less of a metric is better, going by its name. */
export function lessIsBetter(name: string): boolean {
  return /loss|err(or)?|mse|mae|perplexity|(^|_)ppl|nll|cross_?entropy/i.test(name);
}

/** The best of a metric's values; NaN if none is finite. */
export function best(name: string, values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return NaN;
  const better = lessIsBetter(name) ? Math.min : Math.max;
  return finite.reduce((a, b) => better(a, b));
}

/** The last value of each metric in each epoch; the best ones are pointed out. */
export function metricsTable(source: MetricSource): Table {
  const rows = metricRows(source);
  const names = metricNames(rows);
  const epochs = new Map<number, Record<string, number>>();
  for (const { epoch, ...metrics } of rows) epochs.set(epoch, { ...epochs.get(epoch), ...metrics });
  const table = [...epochs].map(([epoch, metrics]) => [epoch, ...names.map((name) => metrics[name])]);
  const highlights = names.flatMap((name, i) => {
    const values = table.map((row) => row[i + 1] ?? NaN);
    if (values.filter(Number.isFinite).length < 2 || name.startsWith('lr-')) return [];
    return [[values.indexOf(best(name, values)), i + 1] as const];
  });
  return new Table({ title: 'Metrics by epoch', columns: ['epoch', ...names], rows: table, highlights });
}
