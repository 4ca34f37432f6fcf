import { HOOK_NAMES } from '../../trainer/hooks.js';
import type { Callback } from '../../trainer/callback.js';
import type { Drawable } from '../bundle.js';
import { callbackFields, hooksOf } from '../tables/callbacks.js';
import { cellOf, fieldsTable } from './records.js';
import { View } from './view.js';

/** The hooks it has, its fields as they are, and the table that it keeps, if it keeps one. */
export function callbackView(callback: Callback): View {
  const hooks = hooksOf(callback);
  const fields = callbackFields(callback).map(([name, value]) => [name, cellOf(value)] as const);
  const { table } = callback as { table?: () => Drawable };
  const kept = typeof table === 'function' ? table.call(callback) : undefined;
  return new View(
    callback.constructor.name,
    [hooks.length === HOOK_NAMES.length ? 'every hook' : hooks.join(' ') || 'no hooks'],
    [fieldsTable(fields, ['field', 'value']), kept],
  );
}
