/** What things look like: text, tables, progress. */
export { humanCount, summaryText, type Summary, type SummaryRow } from './summary/layout.js';
export { summaryOf, type SummaryOptions } from './summary/summarize.js';
export { summarize, SummaryView } from './summary/view.js';
export { htmlTable, plainTable, type TextTable } from './table.js';
