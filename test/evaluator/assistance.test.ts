import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEvaluator } from '../../src/evaluator/evaluator.js';

const evaluator = createEvaluator({
  cwd: process.cwd(),
  globals: { greet: { value: () => 'hello', type: '(name: string) => string' } },
});
afterAll(() => evaluator.dispose());
beforeAll(async () => {
  await evaluator.evaluate(
    `import * as path from 'node:path';
     /** How fast it learns. */
     let learningRate = 0.1;
     class Model {
       /** Weights in it. */
       weights = 3;
       train(steps: number): Model { return this } }
     const model = new Model();`,
  );
}, 60_000);

/** The cursor is where the bar stands. */
const at = (marked: string): [string, number] => [marked.replace('|', ''), marked.indexOf('|')];
const names = async (marked: string): Promise<string[]> =>
  (await evaluator.complete(...at(marked))).matches.map(({ text }) => text);

test('completes variables of earlier cells, globals, members and packages', async () => {
  expect(await names('learn|')).toContain('learningRate');
  expect(await names('gre|')).toContain('greet');
  expect(await names('model.|')).toEqual(expect.arrayContaining(['weights', 'train']));
  expect(await names('path.jo|')).toEqual(['join']);
  expect(await names('console.l|')).toContain('log');
});

test('completes in the middle of expressions and of unfinished code', async () => {
  expect(await names('const x = [model.we|, 2]')).toEqual(['weights']);
  expect(await names('for (const i of [1]) {\n  model.tr|')).toEqual(['train']);
  expect(await names('model.train(learn|')).toContain('learningRate');
});

test('a match has its type and documentation, and replaces the word at the cursor', async () => {
  const found = await evaluator.complete(...at('1 + model.wei|ghts'));
  expect([found.start, found.end]).toEqual([10, 17]);
  expect(found.matches[0]).toMatchObject({
    text: 'weights',
    kind: 'property',
    type: '(property) Model.weights: number',
    documentation: 'Weights in it.',
  });
});

test('inspects with type and documentation', async () => {
  expect(await evaluator.inspect(...at('1 + learning|Rate'))).toEqual({
    start: 4,
    end: 16,
    signature: 'let learningRate: number',
    documentation: 'How fast it learns.',
  });
  expect(await evaluator.inspect(...at('model.tr|ain(3)'))).toMatchObject({
    signature: '(method) Model.train(steps: number): Model',
  });
  expect(await evaluator.inspect('  ', 1)).toBeUndefined();
});

test('among the arguments of a call, inspects what is called', async () => {
  const signature = '(method) Model.train(steps: number): Model';
  for (const code of ['model.train(|)', 'model.train(1, |)', 'model.train(Math.max(1, 2), | )', '[model.train(  |'])
    expect(await evaluator.inspect(...at(code)), code).toMatchObject({ signature });
  expect(await evaluator.inspect(...at('model.train(Math.max(1, |))'))).toMatchObject({
    signature: expect.stringMatching(/Math\.max/),
  });
});

test('of what was imported or declared in an earlier cell, the signature is its own', async () => {
  expect(await evaluator.inspect(...at('new Mod|el()'))).toMatchObject({ signature: 'new Model(): Model' });
  expect(await evaluator.inspect(...at('path.jo|in()'))).toMatchObject({
    signature: expect.stringMatching(/^\(method\) path\.PlatformPath\.join\(/),
  });
});

test('completes what is imported, and from where', async () => {
  expect(await names(`import { readFileS| } from 'node:fs'`)).toEqual(['readFileSync']);
  expect(await names(`import fs from 'node:fs/pro|'`)).toEqual(['promises']);
  const { start, end, matches } = await evaluator.complete(...at(`import fs from 'node:ur|'`));
  expect([start, end, matches.map(({ text }) => text)]).toEqual([16, 23, ['node:url']]);
  expect(await names(`import { StrobeError } from './src/err|'`)).toEqual(['errors']);
});

test.each([
  ['1 + 1', { status: 'complete', indent: '' }],
  ['await f()', { status: 'complete', indent: '' }],
  ['for (;;) {', { status: 'incomplete', indent: '  ' }],
  ['if (x) {\n  f(1,', { status: 'incomplete', indent: '  ' }],
  ['const f = () =>', { status: 'incomplete', indent: '  ' }],
  ['`text', { status: 'incomplete', indent: '' }],
  ['/* text', { status: 'incomplete', indent: '' }],
  ['1 +', { status: 'incomplete', indent: '' }],
  ['let = = 3; f()', { status: 'invalid', indent: '' }],
  ['}', { status: 'invalid', indent: '' }],
  ['', { status: 'complete', indent: '' }],
])('%j is %j', async (code, expected) => {
  expect(await evaluator.isComplete(code)).toEqual(expected);
});
