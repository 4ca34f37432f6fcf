import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createEvaluator } from '../../src/evaluator/evaluator.js';
import { runIn } from './run-in.js';

const root = new URL('../../', import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), 'jsx-'));
const withTypes = createEvaluator({ cwd: root });
// React itself is Strobe's, and its types are nobody's.
const bare = createEvaluator({ cwd: folder });
afterAll(async () => {
  await Promise.all([withTypes.dispose(), bare.dispose()]);
  await rm(folder, { recursive: true });
});

test('an element is made of live variables, of this cell and of earlier ones', async () => {
  const element = await runIn(
    bare,
    `let word = 'first'; const Loud = ({ text }: { text: string }) => <b>{text.toUpperCase()}!</b>;`,
    `const show = () => <Loud text={word} key="k" />; word = 'second';`,
    `show()`,
  );
  expect(element).toMatchObject({ type: expect.any(Function), key: 'k', props: { text: 'second' } });
  const { type, props } = element as { type: (props: unknown) => unknown; props: unknown };
  expect(type(props)).toMatchObject({ type: 'b', props: { children: ['SECOND', '!'] } });
});

test('fragments, spread attributes, members as tags', async () => {
  const code = `const parts = { Item: (props: { id: string }) => <li {...props} /> }; <><parts.Item {...{ id: 'x' }} /></>`;
  expect(await runIn(bare, code)).toMatchObject({
    props: { children: { type: expect.any(Function), props: { id: 'x' } } },
  });
});

test('what <T> means elsewhere it means here: generic arrow functions and type assertions', async () => {
  const cells: [string, unknown][] = [
    ['const same = <T>(x: T) => x; same(1)', 1],
    ['const pair = <A, B extends string>(a: A, b: B): [A, B] => [a, b]; pair(1, "b")', [1, 'b']],
    ['const both = <T,>(x: T) => x; both(2)', 2],
    ['const value: unknown = 3; (<number>value).toFixed(1)', '3.0'],
    ['const text = <string>(<unknown>"four"); text.length', 4],
    ['const n = 5; [n < 6, n > 4, 1 < n && n > /x/g.lastIndex]', [true, true, true]],
    ['new Map<string, Array<number>>([["a", [6]]]).get("a")', [6]],
  ];
  for (const [code, value] of cells) expect(await runIn(bare, code), code).toEqual(value);
  expect(await bare.evaluate('const same = <T>(x: T): T => x; const s: string = same(1)')).toMatchObject({
    status: 'error',
    phase: 'compile',
  });
});

test('JSX is told from an assertion, even where both could be read', async () => {
  expect(await runIn(bare, `<b>hi</b> // there`)).toMatchObject({ type: 'b' });
});

test('cells with and without JSX take turns', async () => {
  for (let turn = 0; turn < 3; turn++) {
    expect(await runIn(bare, `const turn${turn} = <i>{${turn}}</i>; turn${turn}`)).toMatchObject({ type: 'i' });
    expect(await runIn(bare, `(<number>${turn}) + 1`)).toBe(turn + 1);
  }
});

test("with React's types, properties are checked, and elements have their type in later cells", async () => {
  const wrong = await withTypes.evaluate(`import { Text } from 'ink';\n<Text colour="red">hi</Text>`);
  expect(wrong).toMatchObject({ status: 'error', phase: 'compile' });
  expect((wrong as { message: string }).message).toMatch(/colour/);
  await runIn(withTypes, `import { Text } from 'ink'; const red = <Text color="red">hi</Text>;`);
  expect(await withTypes.evaluate('red.nothing')).toMatchObject({ status: 'error', phase: 'compile' });
  expect(await runIn(withTypes, 'red.props.color')).toBe('red');
  const code = '<Text ita>hi</Text>';
  const { matches } = await withTypes.complete(code, code.indexOf('>'));
  expect(matches.map(({ text }) => text)).toEqual(['italic']);
});

test('errors have the lines of the cell', async () => {
  const failed = await bare.evaluate(`const fine = <b />;\n<b>{(() => { throw new RangeError('no') })()}</b>`);
  expect((failed as { traceback: string[] }).traceback.join('\n')).toMatch(/:2:\d/);
  const unclosed = await bare.evaluate('<ul><li>one</li>\n<li>two</ul>');
  expect(unclosed).toMatchObject({
    status: 'error',
    phase: 'compile',
    message: expect.stringMatching(/'li'.*closing tag/),
  });
});

test('local .tsx files are imported with their types', async () => {
  await writeFile(
    join(folder, 'greeting.tsx'),
    `export const Greeting = ({ name }: { name: string }) => <b>Hello, {name}</b>;\nexport const count: number = 1;`,
  );
  const element = await runIn(
    bare,
    `import { count, Greeting } from './greeting.tsx'; <Greeting name={'x'.repeat(count)} />`,
  );
  const { type, props } = element as { type: (props: unknown) => unknown; props: unknown };
  expect(type(props)).toMatchObject({ type: 'b', props: { children: ['Hello, ', 'x'] } });
  expect(await runIn(bare, `import { Greeting as Other } from './greeting'; Other === Greeting`)).toBe(true);
  expect(await bare.evaluate('<Greeting name={1} />')).toMatchObject({ status: 'error', phase: 'compile' });
});

test('React is that of the folder, where it has one', async () => {
  const own = await mkdtemp(join(tmpdir(), 'react-'));
  await mkdir(join(own, 'node_modules/react'), { recursive: true });
  await writeFile(
    join(own, 'node_modules/react/package.json'),
    '{ "name": "react", "exports": { "./jsx-runtime": "./own.js" } }',
  );
  await writeFile(join(own, 'node_modules/react/own.js'), 'exports.jsx = (type) => "own " + type;');
  const evaluator = createEvaluator({ cwd: own });
  expect(await runIn(evaluator, '<b />')).toBe('own b');
  await evaluator.dispose();
  await rm(own, { recursive: true });
});

test('code is complete when its elements are closed', async () => {
  expect(await bare.isComplete('<b>hi</b>')).toMatchObject({ status: 'complete' });
  expect(await bare.isComplete('const open = <b>')).toMatchObject({ status: 'incomplete' });
  expect(await bare.isComplete('const list = (\n  <ul>\n    <li>one</li>')).toMatchObject({ status: 'incomplete' });
});
