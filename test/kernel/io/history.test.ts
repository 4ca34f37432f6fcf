import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CellHistory } from '../../../kernel/io/history.js';
import { historyRequest } from '../../../kernel/protocol/requests.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'strobe-history-'))));
afterEach(() => rmSync(folder, { recursive: true }));
const file = () => join(folder, 'deep/history.jsonl');
const ask = (history: CellHistory, content: object) => history.answer(historyRequest({ ...content }));

describe('CellHistory', () => {
  it('numbers sessions, and keeps their inputs in a file that only its user reads', () => {
    new CellHistory(file()).add(1, 'first');
    const second = new CellHistory(file());
    second.add(1, 'second');
    expect(ask(second, { hist_access_type: 'tail', n: 9 })).toEqual([
      [1, 1, 'first'],
      [2, 1, 'second'],
    ]);
    expect(ask(second, { hist_access_type: 'tail', n: 0 })).toEqual([]);
    expect(statSync(file()).mode & 0o077).toBe(0);
  });

  it('searches with * and ? as wildcards and everything else as it is', () => {
    const history = new CellHistory(undefined);
    ['a.b()', 'aXb()', 'a\nb()', 'a.b()'].forEach((input, i) => history.add(i + 1, input));
    const search = (pattern: string, unique = false) =>
      ask(history, { hist_access_type: 'search', pattern, unique }).map(([, , input]) => input);
    expect(search('a.b()')).toEqual(['a.b()', 'a.b()']);
    expect(search('a.b()', true)).toEqual(['a.b()']);
    expect(search('a?b()')).toHaveLength(4);
    expect(search('*')).toHaveLength(4);
    expect(search('b')).toEqual([]);
  });

  it('passes over lines that are damaged, and goes on without a disk', () => {
    new CellHistory(file()).add(1, 'kept');
    appendFileSync(file(), '{"session":1,"line"\n[]\n{"session":"x","line":2,"input":3}\n');
    expect(ask(new CellHistory(file()), { hist_access_type: 'tail', n: 9 })).toEqual([[1, 1, 'kept']]);
    const nowhere = new CellHistory(join(file(), 'not a folder'));
    nowhere.add(1, 'in memory');
    expect(ask(nowhere, { hist_access_type: 'tail', n: 9 })).toEqual([[1, 1, 'in memory']]);
  });

  it('drops the oldest inputs when there are very many', () => {
    new CellHistory(file()).add(0, 'oldest');
    const line = (i: number) => `${JSON.stringify({ session: 1, line: i, input: `${i}` })}\n`;
    appendFileSync(file(), Array.from({ length: 20_000 }, (_, i) => line(i + 1)).join(''));
    expect(ask(new CellHistory(file()), { hist_access_type: 'tail', n: 99_999 })).toHaveLength(10_000);
    expect(readFileSync(file(), 'utf8').split('\n')).toHaveLength(10_001);
  });
});
