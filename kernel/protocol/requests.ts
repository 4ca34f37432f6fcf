import { isRecord, read } from './fields.js';
import type { Fields } from './message.js';

/** What a client asks to run, with the protocol's defaults. */
export interface ExecuteRequest {
  code: string;
  silent: boolean;
  storeHistory: boolean;
  userExpressions: Record<string, string>;
  allowStdin: boolean;
  stopOnError: boolean;
}

export function executeRequest(content: Fields): ExecuteRequest {
  const silent = read.boolean(content, 'silent', false);
  const expressions = Object.entries(read.record(content, 'user_expressions'));
  return {
    code: read.string(content, 'code'),
    silent,
    storeHistory: !silent && read.boolean(content, 'store_history', true),
    userExpressions: Object.fromEntries(expressions.map(([name, code]) => [name, String(code)])),
    allowStdin: read.boolean(content, 'allow_stdin', true),
    stopOnError: read.boolean(content, 'stop_on_error', true),
  };
}

export interface CodeRequest {
  code: string;
  /** In UTF-16 units: the protocol counts code points. */
  cursor: number;
}

export function codeRequest(content: Fields): CodeRequest {
  const code = read.string(content, 'code');
  const points = read.number(content, 'cursor_pos', Infinity);
  return { code, cursor: unitsOf(code, points) };
}

/** Code points before a position, to UTF-16 units. */
export function unitsOf(text: string, points: number): number {
  let units = 0;
  for (const character of text) {
    if (points-- <= 0) break;
    units += character.length;
  }
  return units;
}

/** UTF-16 units before a position, to code points. */
export function pointsOf(text: string, units: number): number {
  return Array.from(text.slice(0, units)).length;
}

export interface HistoryRequest {
  access: 'tail' | 'range' | 'search';
  output: boolean;
  unique: boolean;
  pattern: string;
  session: number;
  start: number;
  stop: number | undefined;
  n: number | undefined;
}

export function historyRequest(content: Fields): HistoryRequest {
  const access = read.string(content, 'hist_access_type', 'tail');
  const optional = (name: string) => (typeof content[name] === 'number' ? content[name] : undefined);
  return {
    access: access === 'range' || access === 'search' ? access : 'tail',
    output: read.boolean(content, 'output', false),
    unique: read.boolean(content, 'unique', false),
    pattern: read.string(content, 'pattern', '*'),
    session: read.number(content, 'session', 0),
    start: read.number(content, 'start', 0),
    stop: optional('stop'),
    n: optional('n'),
  };
}

export interface CommContent {
  id: string;
  target: string;
  data: Fields;
}

export function commContent(content: Fields): CommContent {
  const { data } = content;
  return {
    id: read.string(content, 'comm_id'),
    target: read.string(content, 'target_name', ''),
    data: isRecord(data) ? data : {},
  };
}
