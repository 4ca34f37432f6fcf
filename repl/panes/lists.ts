import { Table, journalEntriesTable } from '../../src/display/index.js';
import { wrap } from '../text/fit.js';
import { style } from '../text/style.js';
import type { Line, State, Tone } from '../store/state.js';
import { selectedIn, stretch, type Pane } from './pane.js';

/** A table as rows, the selected one marked. */
function tableRows(table: Table, selected: number, focused: boolean, room: number): string[] {
  const [head = '', , ...rows] = new Table({ columns: table.columns, rows: table.rows }).toText().split('\n');
  const { from, to } = stretch(selected, rows.length, Math.max(1, room - 1));
  const mark = focused ? style.accent('›') : style.dim('›');
  return [
    style.dim(`  ${head}`),
    ...rows.slice(from, to).map((row, i) => `${from + i === selected ? mark : ' '} ${row}`),
  ];
}

/** Where a playing run pauses. */
export const breakpoints: Pane = {
  items: ({ view }) => view?.breakpoints.length ?? 0,
  rows({ view, selected, focus }, { rows }) {
    const all = view?.breakpoints ?? [];
    if (all.length === 0)
      return [style.dim('  none: b onTrainBatchEnd if loss > 3'), style.dim('  watch gradNorm > 10')];
    const table = new Table({
      columns: ['', 'pauses at', 'hits', ''],
      rows: all.map(({ id, description, enabled, hits }) => [id, description, hits, enabled ? '' : 'disabled']),
    });
    return tableRows(table, selectedIn(selected.breakpoints, all.length), focus === 'breakpoints', rows);
  },
};

/** What was changed while the run stood. */
export const journal: Pane = {
  items: ({ view }) => view?.journal.length ?? 0,
  note: ({ view }) => `${view?.journal.length ?? 0}`,
  rows({ view, selected, focus }, { rows }) {
    const all = view?.journal ?? [];
    if (all.length === 0) return [style.dim('  nothing was changed yet')];
    const { columns, rows: cells } = journalEntriesTable(all);
    // The newest first, and what matters most at the left.
    const order = [2, 4, 5, 6];
    const table = new Table({
      columns: order.map((i) => columns[i] ?? ''),
      rows: [...cells].reverse().map((row) => order.map((i) => row[i])),
    });
    return tableRows(table, selectedIn(selected.journal, all.length), focus === 'journal', rows);
  },
};

/** The runs that are worked on. */
export const runs: Pane = {
  items: ({ runs: all }) => all.length,
  note: ({ runs: all }) => `${all.length}`,
  rows({ runs: all, current, selected, focus }, { rows }) {
    const table = new Table({
      columns: ['', 'run', 'status', 'epoch', 'step', 'last metrics'],
      rows: all.map(({ name, status, epoch, step, metrics }, i) => [
        `${i + 1}${i === current ? '*' : ' '}`,
        name,
        status,
        epoch,
        step,
        metrics,
      ]),
    });
    return tableRows(table, selectedIn(selected.runs, all.length), focus === 'runs', rows);
  },
};

const TONES: Record<Tone, (text: string) => string> = {
  plain: (text) => text,
  input: style.accent,
  good: style.good,
  warn: style.warn,
  bad: style.bad,
};

/** The last lines of what was said, wrapped; `back` lines before the end. */
export function lastLines(lines: readonly Line[], columns: number, rows: number, back: number): string[] {
  const shown: string[] = [];
  for (let i = lines.length - 1; i >= 0 && shown.length < rows + back; i--) {
    const { text, tone } = lines[i] as Line;
    shown.unshift(...wrap(text, columns).map((line) => TONES[tone](line)));
  }
  const end = Math.max(rows, shown.length - back);
  return shown.slice(Math.max(0, end - rows), end);
}

/** What the trainer, callbacks and user code have printed. */
export const logs: Pane = {
  note: ({ unseen }: State) => (unseen > 0 ? `${unseen} new` : ''),
  rows({ logs: lines, back }, { columns, rows }) {
    if (lines.length === 0) return [style.dim('  nothing was printed yet')];
    return lastLines(lines, columns, rows, back.logs);
  },
};
