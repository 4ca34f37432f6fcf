/** What things look like: text, tables, progress. */
export { humanCount, summaryText, type Summary, type SummaryRow } from './summary/layout.js';
export { summaryOf } from './summary/summarize.js';
