import type { Run } from '../../run/run.js';
import type { MetricRow } from '../../trainer/metric-history.js';
import { escapeHtml } from '../escape.js';
import { Figure } from '../figure/figure.js';
import { ALARM, GOOD, PALETTE } from '../figure/palette.js';
import type { CurvePanel, Series } from '../figure/spec.js';
import { metricNames, metricSeries } from '../metric-rows.js';
import { measureOf } from '../plots/metric-curves.js';
import { brief, callbackFields } from '../tables/callbacks.js';
import { Table } from '../tables/table.js';
import { runFacts } from '../views/run.js';
import type { RunControl } from './run-control.js';

const COLOURS: Record<Run['status'], string> = {
  running: PALETTE[0],
  paused: PALETTE[1],
  completed: GOOD,
  stopped: GOOD,
  interrupted: ALARM,
  failed: ALARM,
};

/** How the run stands, in a line, and below it what went wrong. */
export function statusHtml({ run, message }: RunControl): string {
  const { status, name } = run;
  const badge = `<b style="color:${COLOURS[status]}">● ${status}</b>`;
  const title = name === 'run' ? '' : ` <b>${escapeHtml(name)}</b>`;
  const line = [badge + title, ...runFacts(run).map(escapeHtml)].join(' · ');
  const wrong = message
    ? `<pre style="margin:4px 0 0;white-space:pre-wrap;color:${ALARM}">${escapeHtml(message)}</pre>`
    : '';
  return `<div>${line}${wrong}</div>`;
}

/** Losses in the first panel, whatever else was measured first in the second. */
export function figureHtml({ run, curve }: RunControl): string {
  const rows = run.trainer.metricHistory;
  const names = metricNames(rows).filter((name) => !name.startsWith('lr-'));
  const other = names.map(measureOf).find((measure) => measure !== 'loss');
  const seen: Series = { kind: 'line', name: 'loss', x: curve.x, y: curve.y, marked: false };
  const panels = [panelOf('loss', rows, names, curve.x.length > 1 ? [seen] : [])];
  if (other !== undefined) panels.push(panelOf(other, rows, names));
  return new Figure({ panels }).toHtml({ interactive: false });
}

function panelOf(
  measure: string,
  rows: readonly MetricRow[],
  names: readonly string[],
  more: Series[] = [],
): CurvePanel {
  const own = names.filter((name) => measureOf(name) === measure);
  const series = own.map((name): Series => ({ kind: 'line', name, ...metricSeries(rows, name) }));
  return {
    kind: 'curves',
    title: measure,
    x: { label: 'step', integer: true },
    y: {},
    series: [...more, ...series],
  };
}

export function callbacksHtml({ run }: RunControl): string {
  const rows = run.trainer.callbacks.map((callback) => {
    const fields = callbackFields(callback).map(([name, value]) => `${name}: ${brief(value)}`);
    return [callback.constructor.name, fields.join(', ')];
  });
  return rows.length > 0 ? new Table({ columns: ['callback', 'fields'], rows }).toHtml() : '';
}
