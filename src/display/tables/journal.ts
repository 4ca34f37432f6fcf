import type { JournalEntry } from '../../run/journal.js';
import { brief } from './callbacks.js';
import { Table } from './table.js';

/** What was changed while a run was paused: where the run stood, what, from what to what. */
export function journalEntriesTable(journal: readonly JournalEntry[]): Table {
  return new Table({
    title: 'Journal',
    columns: ['epoch', 'batch', 'step', 'hook', 'changed', 'from', 'to'],
    rows: journal.map(({ position: { epoch, batchIdx, globalStep, hook }, path, from, to }) => [
      epoch,
      batchIdx,
      globalStep,
      hook,
      path.join('.'),
      brief(from),
      brief(to),
    ]),
  });
}
