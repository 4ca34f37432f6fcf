import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, describe, StrobeError } from '../errors.js';
import type { MetricsRow } from '../callbacks/metrics-history.js';
import type { MetricRow } from '../trainer/metric-history.js';

/**
 * Where metrics come from: rows, a trainer or a run of this process, a `MetricsHistory`, or the path of a `metrics.csv`
 * or of its folder.
 */
export type MetricSource =
  | string
  | readonly MetricRow[]
  | { readonly rows: readonly Pick<MetricsRow, 'step' | 'epoch' | 'metrics'>[] }
  | { readonly metricHistory: readonly MetricRow[] }
  | { readonly trainer: { readonly metricHistory: readonly MetricRow[] } };

/**
 * The rows of a source, oldest first.
 *
 * @throws DataError if there is no such file, or it is not a table of metrics
 */
export function metricRows(source: MetricSource): readonly MetricRow[] {
  if (typeof source === 'string') return readMetrics(source);
  if (Array.isArray(source)) return source as readonly MetricRow[];
  if ('metricHistory' in source) return source.metricHistory;
  if ('rows' in source) return source.rows.map(({ step, epoch, metrics }) => ({ ...metrics, step, epoch }));
  if ('trainer' in source) return source.trainer.metricHistory;
  throw new DataError(
    StrobeError.compose('There are no metrics in this.', {
      expected: "a run, a trainer, rows such as { step: 0, epoch: 0, loss: 1 }, or a CSVLogger's folder or file",
      received: describe(source),
      hint: 'pass the run, or csvLogger.logDir',
    }),
  );
}

function readMetrics(path: string): MetricRow[] {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'metrics.csv') : path;
  if (!existsSync(file)) {
    throw new DataError(
      StrobeError.compose(`There is no ${file}.`, {
        expected: "a CSVLogger's metrics.csv, or the folder that holds it",
        received: 'a path where there is nothing',
        hint: 'look at csvLogger.logDir; rows are written every flushLogsEveryNSteps, and at the end of the fit',
      }),
    );
  }
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const names = header.split(',');
  if (!names.includes('step')) {
    throw new DataError(
      StrobeError.compose(`${file} holds no metrics.`, {
        expected: 'a first line of names, step among them',
        received: describe(header),
        hint: "give a CSVLogger's metrics.csv",
      }),
    );
  }
  return lines.map((line) => {
    const cells = line.split(',').flatMap((cell, i) => (cell === '' ? [] : [[names[i] ?? '', Number(cell)] as const]));
    return { epoch: 0, ...Object.fromEntries(cells) } as MetricRow;
  });
}

/** Names of the metrics in rows, in the order in which they first come up. */
export function metricNames(rows: readonly MetricRow[]): string[] {
  return [...new Set(rows.flatMap(Object.keys))].filter((name) => name !== 'step' && name !== 'epoch');
}

/** One metric's values, and the steps or epochs at which there are any. */
export function metricSeries(
  rows: readonly MetricRow[],
  name: string,
  by: 'step' | 'epoch' = 'step',
): { x: number[]; y: number[] } {
  const own = rows.filter((row) => row[name] !== undefined);
  return { x: own.map((row) => row[by]), y: own.map((row) => row[name] as number) };
}
