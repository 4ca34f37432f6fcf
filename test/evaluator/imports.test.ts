import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test } from 'vitest';
import { createEvaluator } from '../../src/evaluator/evaluator.js';
import { runIn } from './run-in.js';

// A folder without packages, as a notebook may be in.
const folder = await mkdtemp(join(tmpdir(), 'cells-'));
const evaluator = createEvaluator({ cwd: folder });
afterAll(async () => {
  await evaluator.dispose();
  await rm(folder, { recursive: true });
});

let clock = 1_700_000_000;
async function file(name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await utimes(path, ++clock, clock);
}

const run = (...cells: string[]) => runIn(evaluator, ...cells);

test('namespace, default, named, renamed and type-only imports', async () => {
  expect(
    await run(
      `import fs, { existsSync, readFileSync as read } from 'node:fs'; import * as path from 'node:path'; import type { Stats } from 'node:fs';`,
      `let stats: Stats | undefined; [fs.existsSync === existsSync, typeof read, path.join('a', 'b'), stats]`,
    ),
  ).toEqual([true, 'function', join('a', 'b'), undefined]);
});

test('what was exported as a type is one in later cells', async () => {
  await file('kinds.ts', `type Kind = 'a' | 'b'; class Secret { n = 1 } export type { Kind, Secret };`);
  await run(
    `import { type Kind, Secret } from './kinds';`,
    `const kind: Kind = 'a'; let secret: Secret | undefined; kind`,
  );
  expect(await evaluator.evaluate(`const kind: Kind = 'c';`)).toMatchObject({ status: 'error', phase: 'compile' });
  expect(await evaluator.evaluate('new Secret()')).toMatchObject({ status: 'error', phase: 'compile' });
});

test('local TypeScript: values, types, live exports, cycles', async () => {
  await file(
    'counter.ts',
    `export let count: number = 0; export function up(): void { count++ } export default class Tally { n = 3 }`,
  );
  await file(
    'even.ts',
    `import { odd } from './odd'; export const even = (n: number): boolean => n === 0 || odd(n - 1);`,
  );
  await file(
    'odd.ts',
    `import { even } from './even'; export const odd = (n: number): boolean => n !== 0 && even(n - 1); export * from './counter'`,
  );
  expect(
    await run(
      `import * as counter from './counter'; import Tally from './counter.js'; import { even } from './even'; import { up } from './odd';`,
      `counter.up(); up(); [counter.count, new Tally().n, even(10)]`,
    ),
  ).toEqual([2, 3, true]);
  expect(await evaluator.evaluate(`counter.count.toUpperCase()`)).toMatchObject({ status: 'error', phase: 'compile' });
});

test('a local file that has changed is loaded again, and so is what imports it', async () => {
  await file('base.ts', `export const base = 1;`);
  await file('user.ts', `import { base } from './base'; export const twice = base * 2;`);
  expect(await run(`import { twice } from './user'; twice`)).toBe(2);
  await file('base.ts', `export const base = 21; export const added: string = 'new';`);
  expect(await run(`import { twice } from './user'; import { added } from './base'; [twice, added]`)).toEqual([
    42,
    'new',
  ]);
});

test('a local file that can not be read says where', async () => {
  await file('broken.ts', `export const = 1;`);
  expect(await evaluator.evaluate(`import './broken'`)).toMatchObject({
    status: 'error',
    message: expect.stringContaining('broken.ts') as string,
  });
});

test('JSON, with and without an attribute', async () => {
  await file('data.json', `{ "lr": 0.5, "layers": [1, 2] }`);
  expect(await run(`import data, { lr } from './data.json' with { type: 'json' }; [data.layers, lr]`)).toEqual([
    [1, 2],
    0.5,
  ]);
  expect(await run(`(await import('./data.json')).default.lr`)).toBe(0.5);
});

test('packages: those of the folder, ESM-only ones and those of Strobe', async () => {
  await file(
    'node_modules/only-esm/package.json',
    `{ "name": "only-esm", "version": "1.0.0", "type": "module", "exports": { "import": "./main.js", "types": "./main.d.ts" } }`,
  );
  await file('node_modules/only-esm/main.js', `export const answer = await Promise.resolve(42);`);
  await file('node_modules/only-esm/main.d.ts', `export declare const answer: number;`);
  expect(await run(`import { answer } from 'only-esm'; answer`)).toBe(42);
  expect(await run(`import { Box } from 'ink'; typeof Box`)).toBe('object');
});

test('there is one TensorFlow.js in the process', async () => {
  await file(
    'node_modules/@tensorflow/tfjs-core/package.json',
    `{ "name": "@tensorflow/tfjs-core", "version": "0.0.1", "main": "main.js" }`,
  );
  await file('node_modules/@tensorflow/tfjs-core/main.js', `exports.version_core = 'another'`);
  expect(await run(`import * as core from '@tensorflow/tfjs-core'; core.version_core`)).toBe(tf.version_core);
});

async function install(name: string): Promise<void> {
  await file(`node_modules/${name}/package.json`, `{ "name": "${name}", "main": "main.js", "types": "main.d.ts" }`);
  await file(`node_modules/${name}/main.js`, `module.exports = 'here'`);
  await file(`node_modules/${name}/main.d.ts`, `declare const late: string; export default late;`);
}

/** What a cell that fails says. */
async function refusal(cell: string): Promise<string> {
  const result = await evaluator.evaluate(cell);
  return result.status === 'error' ? result.message : `${cell} did not fail`;
}

test.each([
  ['compiled', (name: string) => `import late from '${name}'; late`],
  ['run', (name: string) => `(await import('${name}' as string)).default`],
  ['required', (name: string) => `require('${name}')`],
])(
  'a package that is nowhere: when %s, the cell says how to install it; once installed it is found',
  async (how, cell) => {
    await mkdir(join(folder, 'node_modules'), { recursive: true });
    const name = `late-when-${how}`;
    expect(await refusal(cell(name))).toBe(
      `The package ${name} is not installed.\n` +
        `  expected: ${name} in ${join(folder, 'node_modules')}\n` +
        `  received: an import of '${name}', and no such package there or above\n` +
        `  to do:    call npm install ${name} in ${folder}, then run this again: nothing has to be restarted`,
    );
    await install(name);
    expect(await run(cell(name))).toBe('here');
  },
);

test('a package is to be installed where npm does it, and without the path inside it', async () => {
  const nested = join(folder, 'project/notebooks');
  await file('project/package.json', '{ "dependencies": { "@some/where": "1.0.0" } }');
  await mkdir(nested, { recursive: true });
  const inProject = createEvaluator({ cwd: nested });
  const result = await inProject.evaluate(`import '@some/where/deep'`);
  await inProject.dispose();
  expect(result).toMatchObject({
    status: 'error',
    message: expect.stringContaining(`call npm install @some/where in ${join(folder, 'project')},`) as string,
  });
});

test('what is misspelt is told with what may be meant', async () => {
  await file('helpers.ts', `export const help = 1;`);
  for (const [cell, what, hint] of [
    [`import './helprs'`, 'There is no file ./helprs.', "perhaps './helpers.ts' is meant"],
    [`await import('./nope' as string)`, 'There is no file ./nope.', `it is looked up from ${folder}`],
    [`import './lib/nope'`, 'There is no file ./lib/nope.', `there is no folder ${join(folder, 'lib')} either`],
    [`import 'helpers'`, 'The package helpers is not installed.', "Or perhaps './helpers.ts' is meant"],
    [`import 'node:paht'`, 'Node has no module node:paht.', "perhaps 'node:path' is meant"],
    [`await import('node:paht' as string)`, 'Node has no module node:paht.', "perhaps 'node:path' is meant"],
    [`import 'paht'`, 'The package paht is not installed.', "Or perhaps 'node:path' is meant"],
    [`import 'https://esm.sh/x'`, 'Node imports nothing from the network.', 'install the package with npm'],
  ] as const) {
    const message = await refusal(cell);
    expect(message).toContain(what);
    expect(message).toContain(hint);
  }
});

test('what is there but lacks something says what Node says', async () => {
  await file('node_modules/lacking/package.json', `{ "name": "lacking", "type": "module", "exports": "./main.js" }`);
  await file('node_modules/lacking/main.js', `import 'what-it-needs'`);
  expect(await refusal(`await import('lacking' as string)`)).toMatch(
    /Cannot find package 'what-it-needs' imported from .+main\.js/,
  );
  expect(await refusal(`await import('lacking/deep' as string)`)).toContain("Package subpath './deep' is not defined");
});

test('the error of a missing import has the code that Node gives it', async () => {
  const code = `await import('is-optional' as string).catch((error) => error.code)`;
  expect(await run(code)).toBe('ERR_MODULE_NOT_FOUND');
});

test('import.meta, require and __dirname stand for the folder', async () => {
  expect(await run(`[import.meta.dirname, __dirname, typeof require('node:fs').existsSync]`)).toEqual([
    folder,
    folder,
    'function',
  ]);
});
