import { fit } from '../text/fit.js';
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
    const offers = typed && typed.offers.length > 0 ? [style.dim(fit(typed.offers.join('  '), columns))] : [];
    const typing = typed
      ? [`${style.accent(label)} ${inputRow(typed, columns - label.length - 1)}`]
      : [style.dim(focus === 'prompt' ? '❯' : '❯ press : for commands, 8 for TypeScript')];
    const foot = [...before, ...typing, ...offers].slice(-rows);
    const above = lastLines(transcript, columns, Math.max(0, rows - foot.length), back.prompt);
    return [...Array.from({ length: Math.max(0, rows - foot.length - above.length) }, () => ''), ...above, ...foot];
  },
};
