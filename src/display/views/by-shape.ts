import { isPlainRecord } from '../../tensors/tree.js';
import type { Drawable, Showable } from '../bundle.js';
import { isTensor } from '../plots/values.js';
import { checkpointView, isCheckpoint } from './checkpoint.js';
import { errorView } from './error.js';
import { areRecords, recordsTable } from './records.js';
import { eventView, isFitResult, isRunEvent, resultView } from './run.js';
import { tensorsTable, tensorView } from './tensor.js';

/**
 * What values look like that do not show themselves: those of other libraries, and plain data. They are known by their
 * shape, so that a second copy of tfjs on the machine makes no difference.
 */
export function lookOf(value: unknown): (Drawable & Showable) | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isTensor(value)) return tensorView(value);
  if (value instanceof Error) return errorView(value);
  if (areRecords(value)) return recordsTable(value);
  if (Array.isArray(value)) {
    return value.length > 0 && value.every(isTensor)
      ? tensorsTable(value.map((tensor, i) => [String(i), tensor]))
      : undefined;
  }
  if (!isPlainRecord(value)) return undefined;
  if (isRunEvent(value)) return eventView(value);
  if (isFitResult(value)) return resultView(value);
  if (isCheckpoint(value)) return checkpointView(value);
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every((entry): entry is [string, never] => isTensor(entry[1]))) {
    return tensorsTable(entries);
  }
  return undefined;
}
