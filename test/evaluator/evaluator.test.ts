import { afterAll, expect, test, vi } from 'vitest';
import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import { createEvaluator } from '../../src/evaluator/evaluator.js';

const evaluator = createEvaluator({
  cwd: process.cwd(),
  globals: {
    greet: { value: (name: string) => `hello ${name}`, type: '(name: string) => string' },
    paths: { value: path, module: 'node:path' },
  },
});
afterAll(() => evaluator.dispose());

/** The value of the last cell; every cell has to succeed. */
async function run(...cells: string[]): Promise<unknown> {
  let value: unknown;
  for (const cell of cells) {
    const result = await evaluator.evaluate(cell);
    if (result.status !== 'ok') throw new Error(`${cell}\n${JSON.stringify(result)}`);
    value = result.value;
  }
  return value;
}

test('a cell gives the value of its last expression', async () => {
  expect(await evaluator.evaluate('1 + 1')).toEqual({ status: 'ok', value: 2, hasValue: true });
  expect(await evaluator.evaluate('const two = 2;')).toEqual({ status: 'ok', value: undefined, hasValue: false });
  expect(await run('await Promise.resolve(3)')).toBe(3);
});

test('variables are shared and live', async () => {
  expect(await run('let lr = 0.1; const show = () => ({ lr });', 'lr = 0.5;', 'show()')).toEqual({ lr: 0.5 });
  expect(evaluator.scope['lr']).toBe(0.5);
  evaluator.scope['lr'] = 0.25;
  expect(await run('show()')).toEqual({ lr: 0.25 });
});

test('a type error runs nothing', async () => {
  const result = await evaluator.evaluate('globalThis.ran = true;\nconst n: number = "text";', { cell: 'In [7]' });
  expect(result).toMatchObject({ status: 'error', phase: 'compile', name: 'TypeScriptError' });
  expect('ran' in globalThis).toBe(false);
});

test('globals have the types that they were given', async () => {
  expect(await run('greet("you")')).toBe('hello you');
  expect(await evaluator.evaluate('greet(1)')).toMatchObject({ status: 'error', phase: 'compile' });
});

test('a global that is a module has its values and its types', async () => {
  expect(await run('const parts: paths.ParsedPath = paths.parse("/a/b.ts"); parts.name')).toBe('b');
  expect(await evaluator.evaluate('paths.parse(1)')).toMatchObject({ status: 'error', phase: 'compile' });
});

test('types last from cell to cell: classes, generics, what shadows them, what is run again', async () => {
  await run('class Box<T> { constructor(readonly value: T) {} }\ntype Pair<T> = [T, T];');
  await run('const box = new Box(3); const old = box; const pair: Pair<Box<number>> = [box, box];');
  await run('class Box<T> { other = 1 as T | number }');
  expect(await run('const sum: number = old.value + pair[0].value; sum')).toBe(6);
  expect(await evaluator.evaluate('old.other')).toMatchObject({
    phase: 'compile',
    message: expect.stringContaining('Box<number>'),
  });
  expect(await run('let count = "text"; count.length', 'let count = 3;', 'count.toFixed(1)')).toBe('3.0');
});

test('what an inner class hides is no reason to forget the variable', async () => {
  expect(await run('const hidden = new (class { private secret = 1; open = 2 })();', 'hidden.open')).toBe(2);
});

test('a cell that runs beside another knows the variables that have come to be', async () => {
  const busy = evaluator.evaluate(
    'let fresh = 1; let goOn = true; while (goOn) await new Promise(setImmediate); fresh',
  );
  await vi.waitUntil(() => evaluator.scope['goOn']);
  expect(await run('fresh += 1; goOn = false; fresh.toFixed(1)')).toBe('2.0');
  expect(await busy).toMatchObject({ status: 'ok', value: 2 });
});

test('what was written for a file may stay as it is: exports are names like others', async () => {
  await run('export const exported: number = 3; export function up(n: number): number { return n + 1 }');
  await run('const listed = 4; export { listed }; export default class Named { n = 5 }');
  expect(await run('[up(exported), listed, new Named().n]')).toEqual([4, 4, 5]);
  expect(await evaluator.evaluate('const text: string = up(exported)')).toMatchObject({
    status: 'error',
    phase: 'compile',
  });
});

test('reset forgets variables and their types', async () => {
  await run('let forgotten: number = 1');
  evaluator.reset();
  expect(await evaluator.evaluate('forgotten')).toMatchObject({ status: 'error', phase: 'compile' });
  expect(await run('let forgotten: string = "new"; greet(forgotten)')).toBe('hello new');
});

test('a cell that cannot be checked in time runs, and its type errors are told later', async () => {
  const onLateTypeErrors = vi.fn();
  const hasty = createEvaluator({ cwd: process.cwd(), typeCheckBudget: 0, onLateTypeErrors });
  expect(await hasty.evaluate('const n: number = "text"; n', { cell: 'In [1]' })).toMatchObject({ value: 'text' });
  await vi.waitUntil(() => onLateTypeErrors.mock.calls.length > 0, 20_000);
  expect(onLateTypeErrors).toHaveBeenCalledWith({
    cell: 'In [1]',
    message: expect.stringContaining('not assignable'),
    traceback: expect.arrayContaining([expect.stringContaining('TS2322')]),
  });
  await hasty.dispose();
});

test('dispose ends the thread of the compiler; cells are told', async () => {
  const threads = (): number => readdirSync('/proc/self/task').length;
  const before = threads();
  const other = createEvaluator({ cwd: process.cwd() });
  expect(await other.evaluate('1')).toMatchObject({ status: 'ok' });
  expect(threads()).toBeGreaterThan(before);
  await other.dispose();
  expect(threads()).toBe(before);
  expect(await other.evaluate('1')).toMatchObject({ status: 'error', message: expect.stringContaining('has ended') });
});
