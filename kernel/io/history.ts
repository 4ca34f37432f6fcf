import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../src/folder.js';
import { isRecord } from '../protocol/fields.js';
import type { HistoryRequest } from '../protocol/requests.js';

interface Entry {
  session: number;
  line: number;
  input: string;
  output?: string;
}

/** What the protocol calls a history tuple. */
export type HistoryTuple = [session: number, line: number, input: string | [input: string, output: string | null]];

/** How many inputs of earlier sessions are kept. */
const KEPT = 10_000;

/** Every input of this session and of earlier ones, one JSON object a line in a file. */
export class CellHistory {
  readonly #file: string | undefined;
  readonly #entries: Entry[];
  readonly #session: number;

  /** @param file undefined keeps the history in memory only */
  constructor(file: string | undefined) {
    this.#file = file;
    this.#entries = file === undefined ? [] : load(file);
    this.#session = Math.max(0, ...new Set(this.#entries.map((entry) => entry.session))) + 1;
  }

  add(line: number, input: string): void {
    const entry: Entry = { session: this.#session, line, input };
    this.#entries.push(entry);
    if (this.#file === undefined) return;
    try {
      makeFolder(dirname(this.#file));
      appendFileSync(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch {
      // A disk that is full or read-only costs the memory of inputs, not the session.
    }
  }

  /** The result of a line of this session, as text; kept while the kernel lives. */
  setOutput(line: number, output: string): void {
    const entry = this.#entries.findLast((candidate) => candidate.session === this.#session && candidate.line === line);
    if (entry) entry.output = output;
  }

  answer(request: HistoryRequest): HistoryTuple[] {
    const found = this.#select(request);
    return found.map(({ session, line, input, output }) => [
      session,
      line,
      request.output ? [input, output ?? null] : input,
    ]);
  }

  #select({ access, session, start, stop = Infinity, n = Infinity, pattern, unique }: HistoryRequest): Entry[] {
    if (access === 'range') {
      // 0 is this session, a negative number so many sessions back.
      const wanted = session > 0 ? session : this.#session + session;
      return this.#entries.filter((entry) => entry.session === wanted && entry.line >= start && entry.line < stop);
    }
    if (access === 'tail') return lastOf(this.#entries, n);
    const matches = globOf(pattern);
    const found = this.#entries.filter((entry) => matches.test(entry.input));
    return lastOf(unique ? [...new Map(found.map((entry) => [entry.input, entry])).values()] : found, n);
  }
}

function lastOf(entries: Entry[], n: number): Entry[] {
  return n <= 0 ? [] : entries.slice(-Math.min(n, entries.length));
}

/** `*` stands for any text and `?` for any character. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function load(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // There is no history yet.
  }
  const entries = text.split('\n').flatMap((line) => parsed(line));
  if (entries.length <= KEPT * 2) return entries;
  const kept = entries.slice(-KEPT);
  try {
    writeFileSync(file, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 });
  } catch {
    // It is shortened another time.
  }
  return kept;
}

/** A line that a crash or another program has damaged is passed over. */
function parsed(line: string): Entry[] {
  try {
    const entry: unknown = JSON.parse(line);
    if (!isRecord(entry)) return [];
    const { session, line: number, input } = entry;
    if (!Number.isSafeInteger(session) || typeof number !== 'number' || typeof input !== 'string') return [];
    return [{ session: session as number, line: number, input }];
  } catch {
    return [];
  }
}
