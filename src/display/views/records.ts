import { describe } from '../../errors.js';
import { isPlainRecord } from '../../tensors/tree.js';
import { isTensor } from '../plots/values.js';
import { Table, type Cell } from '../tables/table.js';

const MOST_ROWS = 50;
/** Where metrics were taken stands before what they are. */
const FIRST = ['epoch', 'step'];

/** Records as a table: a column for each field, in the order in which fields first come up. */
export function recordsTable(records: readonly Readonly<Record<string, unknown>>[], title?: string): Table {
  const names = [...new Set(records.flatMap(Object.keys))];
  const columns = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  const rows = records.slice(0, MOST_ROWS).map((record) => columns.map((name) => cellOf(record[name])));
  const left = records.length - rows.length;
  return new Table({
    columns,
    rows,
    ...(title === undefined ? {} : { title }),
    ...(left > 0 ? { notes: [`and ${left} more`] } : {}),
  });
}

/** Whether a value is an array of records that make a table: at least one, all plain, with at least one field. */
export function areRecords(value: unknown): value is Record<string, unknown>[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => isPlainRecord(each)) &&
    value.some((each) => Object.keys(each).length > 0)
  );
}

/** Fields with their values, one below the other. */
export function fieldsTable(
  fields: readonly (readonly [name: string, value: Cell])[],
  columns: readonly [string, string] = ['', ''],
): Table | undefined {
  return fields.length > 0 ? new Table({ columns, rows: fields }) : undefined;
}

/** Small plain data as it is; the rest in a few words. */
export function cellOf(value: unknown): Cell {
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value;
  const json = isSimple(value) ? JSON.stringify(value) : '';
  if (json !== '' && json.length <= 60) return json;
  if (isTensor(value)) return `${value.dtype} [${value.shape.join(', ')}]`;
  return describe(value).replace(/^an instance of /, '');
}

function isSimple(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSimple);
  if (isPlainRecord(value)) return Object.values(value).every(isSimple);
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
