import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewrite } from '../../../src/evaluator/compiler/rewrite.js';
import { Executor } from '../../../src/evaluator/run/executor.js';
import { Interrupts } from '../../../src/evaluator/run/interrupts.js';
import { Sources } from '../../../src/evaluator/run/traceback.js';

type Log = (value: unknown) => void;

/** Runs the cells one after the other on one scope; gives the last one's value. */
async function runCells(cells: string[], scope: Record<string, unknown> = {}): Promise<unknown> {
  const executor = new Executor(process.cwd(), process.cwd(), new Sources(), new Interrupts());
  let result: { value: unknown } | undefined;
  for (const cell of cells) {
    const code = rewrite('/cell.ts', cell, new Set(Object.keys(scope)), 'cell');
    result = await executor.runCell('cell', cell, code, scope, () => Promise.reject(new Error('no imports here')));
  }
  return result?.value;
}

const AsyncFunction = (async () => undefined).constructor as new (...code: string[]) => (log: Log) => Promise<unknown>;

test.each([
  ['a closure sees later assignments', ['let lr = 0.1; const f = () => lr;', 'lr = 0.5', 'f()'], 0.5],
  ['shorthand', ['let lr = 1; const o = { lr };', '({ ...o, lr })'], { lr: 1 }],
  [
    'destructuring',
    ['const { a, b: [c = 3, ...d], ...e } = { a: 1, b: [undefined, 5], f: 6 };', '[a, c, d, e]'],
    [1, 3, [5], { f: 6 }],
  ],
  [
    'destructuring assignment',
    ['let a = 1, b = 2;', '({ a, b = 5 } = { a: b } as any); [a, b] = [b, a]; [a, b]'],
    [5, 2],
  ],
  ['a computed key in a pattern', ['const key = "x"; const { [key]: value } = { x: 7 } as any;', 'value'], 7],
  ['redeclared with another type', ['let x = 1', 'let x = "text"', 'x'], 'text'],
  [
    'an older closure sees a redeclared function',
    ['function f() { return 1 } const g = () => f();', 'function f() { return 2 }', 'g()'],
    2,
  ],
  ['functions are hoisted', ['const early = later(); function later() { return 4 }', 'early'], 4],
  [
    'classes, their statics and subclasses',
    [
      'class A { static made = 0; n = ++A.made; static make() { return new A() } } class B extends A {}',
      'new B(); A.make().n',
    ],
    2,
  ],
  ['generators', ['function* count() { for (let i = 0; i < 3; i++) yield i }', '[...count()]'], [0, 1, 2]],
  [
    'labels and continue',
    ['let n = 0; outer: for (const i of [1, 2, 3]) { for (;;) { if (i === 2) continue outer; n += i; break } }', 'n'],
    4,
  ],
  ['var in a block', ['for (var i = 0; i < 3; i++) { var last = i }', '[i, last]'], [3, 2]],
  ['var keeps a value', ['var kept = 5', 'var kept; kept'], 5],
  [
    'for-in and for-of over var',
    ['for (var k in { a: 1, b: 2 }); for (var [x, y] of [[1, 2], [3, 4]]);', '[k, x, y]'],
    ['b', 3, 4],
  ],
  [
    'enums and namespaces',
    ['enum E { A = 1, B = A + 1 } namespace N { export const twice = E.B * 2 }', '[E.B, N.twice, E[1]]'],
    [2, 4, 'A'],
  ],
  [
    'merged declarations',
    [
      'function f() { return f.x } namespace f { export let x = 3 } class C {} namespace C { export const y = 4 }',
      '[f(), C.y]',
    ],
    [3, 4],
  ],
  [
    'an own name is not confused with a property, label or parameter',
    ['let a = 1; const o = { a: 2, b(a: number) { a: for (;;) break a; return a } };', '[o.a, o.b(3), a]'],
    [2, 3, 1],
  ],
  [
    'shadowing',
    ['let a = 1; const f = (a: number) => { { let a = 5; a++ } return a }; try { throw 9 } catch (a) {}', '[f(7), a]'],
    [7, 1],
  ],
  [
    'a plain call has no this',
    ['function self(this: any) { return this }', '[self(), (self)(), self!()]'],
    [undefined, undefined, undefined],
  ],
  ['tagged templates', ['const tag = (parts: any, ...v: any[]) => parts.raw.join("|") + v', 'tag`a${1}b`'], 'a|b1'],
  [
    'optional calls',
    ['let none: any; const some: any = () => 1;', '[none?.(), some?.(), none?.x.y]'],
    [undefined, 1, undefined],
  ],
  [
    'functions are named after their variables',
    [
      'let f = () => 1, g = function () {}, C = class {}; let h; h = () => 2; h ??= () => 3; const { d = () => 4 } = {} as any;',
      '[f, g, C, h, d].map(x => x.name)',
    ],
    ['f', 'g', 'C', 'h', 'd'],
  ],
  [
    'using',
    [
      'const log: string[] = [];',
      '{ using a = { [Symbol.dispose]() { log.push("inner") } }; } using b = { [Symbol.dispose]() { log.push("outer") } }; log.length',
      'log',
    ],
    ['inner', 'outer'],
  ],
  [
    'await and for await',
    [
      'async function* g() { yield 1; yield await Promise.resolve(2) }',
      'const all = []; for await (const x of g()) all.push(x); for await (const x of [Promise.resolve(3)]) all.push(x);',
      'all',
    ],
    [1, 2, 3],
  ],
  [
    'decorators',
    [
      'const seen: any[] = []; const d = (_: any, context: any) => { seen.push(context.name) }; @d class A { @d m() {} }',
      'seen',
    ],
    ['m', 'A'],
  ],
  [
    'types vanish',
    [
      'interface I { a: number } type T = I["a"]; declare let ghost: string; const n: T = 1 satisfies number as T;',
      'n',
    ],
    1,
  ],
  ['an object literal after a label-like brace', ['let a = 1; ({ a: 2 }.a)'], 2],
  [
    'the value of the last expression is not awaited',
    ['Promise.resolve(1)', 'typeof Promise.resolve(1).then'],
    'function',
  ],
  [
    'compound assignments',
    ['let a = 1, o = { a: 1 };', 'a += 2; a++; --a; a **= 2; o.a = a; [a, o.a, typeof a, void a]'],
    [9, 9, 'number', undefined],
  ],
  ['export is tolerated', ['export const a = 1; export default 5; export { a as b };', 'a'], 1],
  [
    'new and member calls',
    [
      'const made = new Map([[1, 2]]); const get = made.get.bind(made);',
      '[made.get(1), get(1), new (class { x = 3 })().x]',
    ],
    [2, 2, 3],
  ],
])('%s', async (_, cells, expected) => {
  expect(await runCells(cells)).toEqual(expected);
});

/** Statements over the numbers v0, v1, ... and functions f0, f1, ...; inner scopes shadow the outer names on purpose. */
const statement = (index: number): fc.Arbitrary<string> => {
  const name = fc.nat({ max: Math.max(0, index - 1) }).map((n) => (index === 0 ? '1' : `v${n}`));
  const variable = index === 0 ? fc.constant(undefined) : name;
  const number = fc.integer({ min: -9, max: 9 }).map((n) => `(${n})`);
  const { expression } = fc.letrec<{ expression: string }>((tie) => {
    const e = tie('expression');
    const pair = fc.tuple(e, e);
    return {
      expression: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        number,
        name,
        pair.map(([a, b]) => `(${a} + ${b})`),
        pair.map(([a, b]) => `(${a} > ${b} ? ${b} : ${a})`),
        fc.tuple(name, e).map(([n, a]) => (n === '1' ? a : `({ ${n} }.${n} + ${a})`)),
        fc
          .tuple(name, e)
          .map(([n, a]) =>
            n === '1' ? a : `((${n}) => { let w = ${n}; { let ${n} = 3; w += ${n}; } return w })(${a})`,
          ),
        fc
          .tuple(name, e)
          .map(([n, a]) =>
            n === '1' ? a : `(() => { try { throw ${a} } catch (${n}) { return ${n} } finally { log(1) } })()`,
          ),
        fc.tuple(name, e).map(([n, a]) => (n === '1' ? a : `(({ ${n}, z = ${n} }) => ${n} + z)({ ${n}: ${a} })`)),
        fc
          .tuple(name, e)
          .map(([n, a]) =>
            n === '1' ? a : `(function ${n}(n) { return n + (typeof ${n} === 'function' ? 1 : 2) })(${a})`,
          ),
        fc
          .tuple(name, e)
          .map(([n, a]) =>
            n === '1'
              ? a
              : `new (class ${n} { ${n}; constructor(x) { this.${n} = x + (typeof ${n} === 'function' ? 1 : 2) } get w() { return this.${n} } })(${a}).w`,
          ),
        e.map((a) => `[...(function* () { for (const i of [1, 2]) yield i * ${a} })()].reduce((s, x) => s + x, 0)`),
        e.map((a) => `(log(${a}), ${a})`),
      ),
    };
  });
  const v = `v${index}`;
  return fc.oneof(
    expression.map((e) => `let ${v} = ${e};`),
    expression.map((e) => `const ${v} = ${e};`),
    expression.map((e) => `const ${v} = await (async () => { await null; return ${e} })();`),
    expression.map((e) => `var ${v} = ${e};`),
    expression.map((e) => `let { ${v}, q: [q${index} = ${e}] } = { ${v}: ${e}, q: [] };`),
    fc
      .tuple(expression, expression)
      .map(([a, b]) => `for (var ${v} = 0; ${v} < 3; ${v}++) { if (${v} + ${a} > 4) break; log(${b}); }`),
    fc
      .tuple(expression, expression)
      .map(
        ([a, b]) =>
          `let ${v} = 0; l: for (const i of [1, 2, 3]) { do { ${v} += i; if (${a} > 3) continue l; } while (${v} < 0); if (${b} < 0) break l; }`,
      ),
    expression.map((e) => `function f${index}(n) { return n + ${e} } let ${v} = 2; log(f${index}.name);`),
    expression.map(
      (e) =>
        `class C${index} { static s = ${index}; m() { return C${index}.s + ${e} } } let ${v} = 4; log(C${index}.name);`,
    ),
    fc
      .tuple(variable, expression)
      .map(([n, e]) => (n ? `let ${v} = 1; ({ ${v}, w: [${v} = 8] } = { ${v}: ${e}, w: [${n}] });` : `let ${v} = 1;`)),
    expression.map(
      (e) =>
        `let ${v} = 0; try { ${v} = ${e}; if (${v} > 2) throw new Error('big') } catch ({ message }) { log(message) } finally { ${v}-- }`,
    ),
    expression.map(
      (e) => `let ${v} = 0; const g${index} = () => ++${v} + ${e}; log(g${index}()); log(g${index}.name);`,
    ),
    expression.map(
      (e) => `switch (${e}) { case 1: { var ${v} = 1; break } default: ${v} = 2 } while (${v} > 0) ${v}--;`,
    ),
  );
};

const program = fc
  .integer({ min: 1, max: 7 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, index) => statement(index))));

test('a program cut into cells does what the whole program does', async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.infiniteStream(fc.boolean()), async (statements, cuts) => {
      const result = `[${statements.map((_, index) => `v${index}`).join(', ')}]`;
      const plainLog: unknown[] = [];
      const plain = new AsyncFunction('log', `"use strict"; ${statements.join('\n')}\nreturn ${result}`);
      const expected = await plain((value) => plainLog.push(value));

      const cells = [''];
      for (const next of [...statements, result]) {
        cells.push(`${cells.pop()}\n${next}`);
        if (cuts.next().value) cells.push('');
      }
      const log: unknown[] = [];
      const value = await runCells(cells.at(-1) === '' ? cells.slice(0, -1) : cells, {
        log: (value: unknown) => log.push(value),
      });
      expect({ value, log }).toEqual({ value: expected, log: plainLog });
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60) },
  );
});
