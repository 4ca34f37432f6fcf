import type { RunEvent } from '../../run/events.js';
import type { Run } from '../../run/run.js';
import { isPlainRecord } from '../../tensors/tree.js';
import type { FitResult, Trainer } from '../../trainer/trainer.js';
import { metricNames, metricSeries } from '../metric-rows.js';
import { isTensor } from '../plots/values.js';
import { shortNumber } from '../short-number.js';
import { Sparkline } from '../sparkline.js';
import { best } from '../tables/metrics.js';
import { Table } from '../tables/table.js';
import { cellOf, fieldsTable } from './records.js';
import { tensorsTable } from './tensor.js';
import { View } from './view.js';

/** Where a run stands, and each metric's way there. */
export function runView(run: Run): View {
  const title = run.name === 'run' ? 'Run' : `Run ${run.name}`;
  return new View(title, [run.status, ...runFacts(run)], [metricsIn(run.trainer)]);
}

/** Where a run stands, in words. */
export function runFacts({ status, position, trainer, history }: Run): string[] {
  const { stage, hook } = position;
  const over = status !== 'paused' && status !== 'running';
  const steps = history.to - history.from;
  return [
    ...(stage === 'fit' ? [] : [stage]),
    ...whereabouts(trainer, position, over),
    ...(status === 'paused' ? [`before ${hook}`] : []),
    ...optimizersIn(trainer),
    ...(steps > 0 ? [`${steps} steps can be taken back`] : []),
  ];
}

/** How a trainer stands, what it trains with, and each metric's way there. */
export function trainerView(trainer: Trainer): View {
  const { status, stage, seed, limits, callbacks, loggers, options } = trainer;
  const names = (objects: readonly object[]) => objects.map((each) => each.constructor.name).join(', ');
  const settings: [string, unknown][] = [
    ...Object.entries(limits).filter(([, value]) => value !== undefined && value !== -1 && value !== 0),
    ['seed', seed],
    ['backend', options.backend],
    ['optimizers', optimizersIn(trainer).join(', ')],
    ['schedulers', names(trainer.lrSchedulers.map(({ scheduler }) => scheduler))],
    ['loggers', names(loggers)],
    ['callbacks', names(callbacks)],
  ];
  const told = settings.filter(([, value]) => value !== '' && value !== null);
  return new View(
    'Trainer',
    [status, ...(stage === undefined ? [] : [stage, `epoch ${trainer.currentEpoch}`, `step ${trainer.globalStep}`])],
    [
      metricsIn(trainer),
      fieldsTable(
        told.map(([name, value]) => [name, cellOf(value)]),
        ['setting', 'value'],
      ),
    ],
  );
}

/** How a fit ended. */
export function resultView({ outcome, reason, metrics, epochs, steps }: FitResult): View {
  const facts = [outcome, ...(reason ? [reason] : []), `${epochs} epochs`, `${steps} steps`];
  return new View('Fit', facts, [fieldsTable(Object.entries(metrics), ['metric', 'value'])]);
}

export function isFitResult(value: object): value is FitResult {
  return ['outcome', 'reason', 'metrics', 'epochs', 'steps'].every((name) => name in value);
}

/** Which hook, where, and what it is called with. */
export function eventView({ hook, position, ...data }: RunEvent): View {
  const { epoch, batchIdx, globalStep } = position;
  const isTensors = (value: unknown) => isPlainRecord(value) && Object.values(value).every(isTensor);
  const entries = Object.entries(data as Record<string, unknown>).map(
    ([name, value]) => [name, withoutLoss(value)] as const,
  );
  const loss = entries.flatMap(([name, value]) =>
    name === 'loss' && isTensor(value) && !value.isDisposed ? [`loss ${shortNumber(value.dataSync()[0] ?? NaN)}`] : [],
  );
  const single = entries.filter(([name, value]) => name !== 'batchIdx' && name !== 'loss' && !isTensors(value));
  const several = entries.filter(([, value]) => isTensors(value) && Object.keys(value as object).length > 0);
  return new View(
    hook,
    [`epoch ${epoch}`, `batch ${batchIdx}`, `step ${globalStep}`, ...loss],
    [
      fieldsTable(single.map(([name, value]) => [name, inWords(value)])),
      ...several.map(([name, value]) => tensorsTable(Object.entries(value as Record<string, never>), name)),
    ],
  );
}

export function isRunEvent(value: object): value is RunEvent {
  const { position } = value as { position?: unknown };
  return 'hook' in value && isPlainRecord(position) && 'globalStep' in position && 'path' in position;
}

/** What a step gave has the loss in it, which is told of already. */
function withoutLoss(value: unknown): unknown {
  return isPlainRecord(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'loss')) : value;
}

/** A batch is an array of tensors as a rule: each in words. */
function inWords(value: unknown) {
  return Array.isArray(value) && value.length <= 8
    ? value.map((each) => String(cellOf(each))).join(', ')
    : cellOf(value);
}

function whereabouts(trainer: Trainer, position: Run['position'], over: boolean): string[] {
  const { stage, epoch, batchIdx, globalStep } = position;
  const { maxEpochs } = trainer.limits;
  const batches = trainer.validating ? trainer.numEvaluationBatches[0] : trainer.numTrainingBatches;
  const of = (total: number | undefined) =>
    total !== undefined && total > 0 && total < Infinity ? ` of ${total}` : '';
  const batch = `${trainer.validating && stage === 'fit' ? 'validation ' : ''}batch ${batchIdx}${of(batches)}`;
  const loop = over ? [] : [batch];
  return stage === 'fit' ? [`epoch ${epoch}${of(maxEpochs)}`, ...loop, `step ${globalStep}`] : loop;
}

function optimizersIn({ optimizers }: Trainer): string[] {
  return optimizers.map((optimizer) => `${optimizer.constructor.name} lr ${shortNumber(optimizer.lr)}`);
}

/** What was logged so far; before anything was, what can be monitored. */
function metricsIn(trainer: Trainer): Table | undefined {
  const rows = trainer.metricHistory;
  const names = metricNames(rows);
  if (names.length === 0) return fieldsTable(Object.entries(trainer.callbackMetrics), ['metric', 'value']);
  return new Table({
    columns: ['metric', 'last', 'best', 'curve'],
    rows: names.map((name) => {
      const { y } = metricSeries(rows, name);
      return [name, y.at(-1), name.startsWith('lr-') ? undefined : best(name, y), new Sparkline(y)];
    }),
  });
}
