import { afterAll, expect, test } from 'vitest';
import { createEvaluator } from '../../src/evaluator/evaluator.js';

const evaluator = createEvaluator({
  cwd: process.cwd(),
  globals: { greet: { value: (name: string) => `hello ${name}`, type: '(name: string) => string' } },
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
