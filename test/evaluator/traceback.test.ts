import { stripVTControlCharacters } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { createEvaluator } from '../../src/evaluator/evaluator.js';

const evaluator = createEvaluator({ cwd: process.cwd() });
afterAll(() => evaluator.dispose());

async function traceback(code: string, cell = 'In [4]'): Promise<string> {
  const result = await evaluator.evaluate(code, { cell, allowTypeErrors: true });
  if (result.status !== 'error') throw new Error(`expected an error, got ${result.status}`);
  return stripVTControlCharacters(result.traceback.join('\n'));
}

test('a run error tells the line of the cell, and no frame of the machinery', async () => {
  const told = await traceback(
    `interface Long {\n  a: number;\n}\nfunction boom(n: number): number {\n  throw new RangeError('too far');\n}\nboom(1);`,
  );
  expect(told).toBe(
    [
      'RangeError: too far',
      '  3 | }',
      '  4 | function boom(n: number): number {',
      "> 5 |   throw new RangeError('too far');",
      '    |         ~',
      '  6 | }',
      '  7 | boom(1);',
      '    at boom (In [4]:5:9)',
      '    at In [4]:7:5',
    ].join('\n'),
  );
});

test('a frame of an earlier cell keeps its name', async () => {
  await evaluator.evaluate(`const fail = () => {\n  null!.x;\n};`, { cell: 'In [1]', allowTypeErrors: true });
  expect(await traceback(`await null;\nfail();`, 'In [2]')).toMatch(/at fail \(In \[1\]:2:\d+\)\n.*at In \[2\]:2:\d+/);
});

test('messages speak of the names of the cell', async () => {
  expect(await traceback(`let notMine: any = 3; notMine()`)).toContain('TypeError: notMine is not a function');
});

test('causes and aggregates are told', async () => {
  const told = await traceback(
    `throw new AggregateError([new Error('one'), 'two'], 'both', { cause: new Error('why') })`,
  );
  for (const part of ['AggregateError: both', 'Error: one', 'two', 'Caused by Error: why'])
    expect(told).toContain(part);
});

test('whatever is thrown is told', async () => {
  expect(await traceback(`throw 'text'`)).toContain('text');
  expect(await traceback(`throw { code: 7 }`)).toContain('code: 7');
  expect(await traceback(`throw undefined`)).toContain('undefined');
});

test('a type error shows its place', async () => {
  const result = await evaluator.evaluate(`const a = 1;\nconst n: number = 'text';`, { cell: 'In [9]' });
  expect(result).toMatchObject({ status: 'error', phase: 'compile' });
  if (result.status !== 'error') return;
  expect(stripVTControlCharacters(result.traceback.join('\n'))).toBe(
    [
      "In [9]:2:7 - error TS2322: Type 'string' is not assignable to type 'number'.",
      '  1 | const a = 1;',
      "> 2 | const n: number = 'text';",
      '    |       ~',
      '',
    ].join('\n'),
  );
});

test('syntax errors stop a cell even where type errors may pass', async () => {
  expect(await traceback(`let = ;`)).toContain('TS');
});
