import { summaryTable, summaryTotals, type Summary } from '../summary/layout.js';
import { Table } from './table.js';

/** A model summary as a table: layers, parameters, sizes, and the totals below. */
export function summaryView(summary: Summary): Table {
  const { header, cells } = summaryTable(summary);
  return new Table({
    columns: header.map((name) => name.trim()),
    rows: cells,
    notes: summaryTotals(summary).map(([figure, name]) => `${figure.trim()} ${name}`),
  });
}
