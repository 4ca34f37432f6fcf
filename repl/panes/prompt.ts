import type { Offer } from '../store/state.js';
import { fill, fit } from '../text/fit.js';
import { style } from '../text/style.js';
import { inputRow } from './input.js';
import { lastLines } from './lists.js';
import type { Pane } from './pane.js';

/** What was asked and answered, and what is being typed. */
export const prompt: Pane = {
  note: ({ back }) => (back.prompt > 0 ? `${back.prompt} lines back` : ''),
  rows({ transcript, input, back, focus }, { columns, rows }) {
    const typed = input && input.mode !== 'field' ? input : undefined;
    const before = typed?.before.map((line, i) => `${style.accent(i === 0 ? typed.label : '…')} ${line}`) ?? [];
    const label = typed && typed.before.length > 0 ? '…' : (typed?.label ?? '❯');
    const offers = offerRows(typed?.offers ?? [], columns, Math.max(1, rows - 2)).map((line) => style.dim(line));
    const typing = typed
      ? [`${style.accent(label)} ${inputRow(typed, columns - label.length - 1)}`]
      : [style.dim(focus === 'prompt' ? '❯' : '❯ press : for commands, 8 for TypeScript')];
    const foot = [...before, ...typing, ...offers].slice(-rows);
    const above = lastLines(transcript, columns, Math.max(0, rows - foot.length), back.prompt);
    return [...Array.from({ length: Math.max(0, rows - foot.length - above.length) }, () => ''), ...above, ...foot];
  },
};

/** A row for each offer, with its type, if there is room; else as many as fit side by side. */
function offerRows(offers: readonly Offer[], columns: number, most: number): string[] {
  if (offers.length === 0) return [];
  const widest = Math.max(...offers.map(({ text }) => text.length));
  if (offers.length <= most && offers.some(({ type }) => type))
    return offers.map(({ text, type = '' }) => fit(`${text.padEnd(widest)}  ${type}`, columns));
  const rows: string[] = [];
  let left = offers.map(({ text }) => text);
  while (left.length > 0 && rows.length < most) {
    const last = rows.length === most - 1;
    const row = fill(left, columns - (last ? 8 : 0));
    const taken = row === '' ? 1 : row.split('  ').length;
    left = left.slice(taken);
    rows.push(last && left.length > 0 ? `${row}  +${left.length}` : row);
  }
  return rows;
}
