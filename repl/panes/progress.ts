import { shortNumber } from '../../src/display/short-number.js';
import { duration } from '../../src/display/progress/text.js';
import { bytes, progressLine } from '../text/bars.js';
import { fit, spread } from '../text/fit.js';
import { style } from '../text/style.js';
import type { RunView, State } from '../store/state.js';
import type { Pane } from './pane.js';

/** Where the run stands, how fast it is, what it takes. */
export const progress: Pane = {
  rows({ view }, { columns }) {
    if (!view) return [];
    const { position, history, learningRates, rate, secondsLeft } = view;
    const row = (name: string, value: string) => `${style.dim(name.padEnd(9))} ${value}`;
    return [
      row('status', statusText(view)),
      row('epoch', `${position.epoch}${view.maxEpochs === -1 ? '' : ` of ${view.maxEpochs}`}`),
      row('batch', `${position.batchIdx} of ${batchesOf(view)}`),
      // A run that plays is at another hook before this is read.
      row('hook', view.status === 'running' ? '—' : style.accent(position.hook)),
      row('path', style.dim(position.path)),
      row('step', String(position.globalStep)),
      row('speed', rate > 0 ? `${shortNumber(Number(rate.toPrecision(3)))} it/s` : 'stands'),
      row('left', Number.isFinite(secondsLeft) ? duration(secondsLeft) : '—'),
      row('lr', learningRates.map(shortNumber).join('  ') || '—'),
      row('memory', `${bytes(view.residentBytes)}, ${view.tensors} tensors`),
      row(
        'history',
        history.from < 0
          ? 'nothing yet'
          : `steps ${history.from} to ${history.to}, ${bytes(history.bytes)} of ${bytes(history.limitBytes)}`,
      ),
    ].map((line) => fit(line, columns));
  },
};

/** The two rows at the top of the screen. */
export function header({ view, title, runs, current, working, size: { columns } }: State): string[] {
  const name = `${style.accent(style.bold('strobe'))} ${title}`;
  if (!view) return [fit(` ${name}`, columns), ''];
  const several = runs.length > 1 ? style.dim(`  ${view.name} (${current + 1} of ${runs.length})`) : '';
  const { position, rate, secondsLeft } = view;
  const speed = rate > 0 ? [`${rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3)} it/s`] : [];
  const left = Number.isFinite(secondsLeft) ? [`${duration(secondsLeft)} left`] : [];
  const right = [...speed, ...left, bytes(view.residentBytes)].join('  ');
  const total = batchesOf(view);
  const phase = view.evaluationBatches === undefined ? '' : `${phaseOf(position.path)} `;
  const where = `epoch ${position.epoch}${view.maxEpochs === -1 ? '' : `/${view.maxEpochs}`}  ${phase}`;
  const over = view.status !== 'running' && view.status !== 'paused';
  const numbers = over ? `step ${position.globalStep}  ${right}` : `${position.batchIdx}/${total}  ${right}`;
  const width = Math.max(4, columns - where.length - numbers.length - 4);
  const share = view.status === 'completed' ? 1 : Number.isFinite(total) && total > 0 ? position.batchIdx / total : 0;
  const line = progressLine(share, width);
  const note = working ? style.warn(`${working}…`) : statusText(view);
  return [
    ` ${spread(name + several, `${note} `, columns - 1)}`,
    fit(` ${where}${style.accent(line.done)}${style.dim(line.rest)}  ${numbers}`, columns),
  ];
}

function phaseOf(path: string): string {
  return path.includes('sanity') ? 'sanity' : 'val';
}

function batchesOf({ evaluationBatches, batches }: RunView): number {
  return evaluationBatches ?? batches;
}

/** What the run does, in words and with a sign. */
export function statusText({ status, position }: RunView): string {
  switch (status) {
    case 'running':
      return style.good('▶ running');
    case 'paused':
      return style.warn(`❚❚ paused before ${position.hook}`);
    case 'completed':
      return style.good('■ completed');
    case 'stopped':
      return style.good('■ stopped');
    case 'interrupted':
      return style.warn('■ interrupted');
    case 'failed':
      return style.bad('■ failed');
  }
}
