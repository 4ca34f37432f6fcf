import { describe } from '../errors.js';
import { isPlainRecord } from '../tensors/tree.js';

/** Hyper-parameters as YAML: strings are quoted, lists and records are in flow style, as JSON has them. */
export function toYaml(record: Record<string, unknown>): string {
  return Object.entries(record)
    .map(([key, value]) => `${PLAIN.test(key) ? key : JSON.stringify(key)}: ${inFlow(value, [])}\n`)
    .join('');
}

/** Nested records as one, with keys such as `optimizer/lr`; what is no number, text or truth value becomes text. */
export function flattened(record: Record<string, unknown>): Record<string, number | string | boolean> {
  return Object.fromEntries(entriesOf(record, '', [record]));
}

/** What YAML takes for a text without quotes; `yes`, `null` and the like are something else to it. */
const PLAIN = /^(?!(?:y|n|yes|no|true|false|on|off|null)$)[a-z_][\w./-]*$/i;

function entriesOf(
  record: Record<string, unknown>,
  prefix: string,
  within: readonly unknown[],
): [string, number | string | boolean][] {
  return Object.entries(record).flatMap(([key, value]): [string, number | string | boolean][] => {
    const name = `${prefix}${key}`;
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return [[name, value]];
    if (isPlainRecord(value) && !within.includes(value)) return entriesOf(value, `${name}/`, [...within, value]);
    return [[name, inFlow(value, within)]];
  });
}

/** A value on one line. What is no data is named: the line is there to be read. */
function inFlow(value: unknown, within: readonly unknown[]): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return JSON.stringify(describe(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (within.includes(value)) return JSON.stringify('[Circular]');
  const inside = [...within, value];
  if (value instanceof Map) return inFlow(Object.fromEntries(value), inside);
  if (Array.isArray(value) || value instanceof Set || isNumbers(value)) {
    return `[${Array.from(value as Iterable<unknown>, (item) => inFlow(item, inside)).join(',')}]`;
  }
  if (isPlainRecord(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${inFlow(item, inside)}`)
      .join(',')}}`;
  }
  return JSON.stringify('toJSON' in value ? value : describe(value));
}

function isNumbers(value: object): boolean {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
