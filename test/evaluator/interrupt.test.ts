import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createEvaluator, isInterrupt } from '../../src/evaluator/evaluator.js';

const evaluator = createEvaluator({ cwd: process.cwd() });
beforeAll(() => evaluator.evaluate('1'), 60_000);
afterEach(() => evaluator.reset());
afterAll(() => evaluator.dispose());

/** Interrupts from another thread, which a busy loop can't keep from it, as soon as the cell says that it has begun. */
const began = new Int32Array(new SharedArrayBuffer(4));
function interruptOnceBegun(request = 1): Worker {
  Atomics.store(began, 0, 0);
  evaluator.scope['begin'] = () => {
    Atomics.store(began, 0, 1);
    Atomics.notify(began, 0);
  };
  const code = `
    const { began, flag, request } = require('node:worker_threads').workerData;
    Atomics.wait(began, 0, 0);
    setTimeout(() => Atomics.store(flag, 0, request), 30);`;
  return new Worker(code, { eval: true, workerData: { began, flag: evaluator.interruptFlag, request } });
}

/** What the process would have died of: the host of an evaluator passes interrupts over. */
async function unhandled(event: 'uncaughtException' | 'unhandledRejection'): Promise<unknown> {
  const handlers = process.rawListeners(event) as (() => void)[];
  for (const handler of handlers) process.off(event, handler);
  const error = await new Promise((resolve) => process.once(event, resolve));
  for (const handler of handlers) process.on(event, handler);
  return error;
}

test.each([
  ['a loop', 'begin(); while (true) {}'],
  ['a loop without a body', 'begin(); for (;;);'],
  ['a do loop', 'begin(); do ; while (true)'],
  ['a loop after an await', 'await null; begin(); for (;;) {}'],
  ['a loop in a function of an earlier cell', 'begin(); spin()'],
  [
    'endless recursion through promises',
    'const again = (): Promise<void> => Promise.resolve().then(again); begin(); await again()',
  ],
  ['long recursion', 'const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)); begin(); fib(80)'],
  ['a pending await', 'begin(); await new Promise(() => {})'],
  ['a pending await in a function', 'const wait = async () => { await new Promise(() => {}) }; begin(); await wait()'],
  [
    'a pending for await',
    'begin(); for await (const x of { [Symbol.asyncIterator]: () => ({ next: () => new Promise<any>(() => {}) }) });',
  ],
  ['a catch that would swallow it', 'begin(); for (;;) { try { while (true) {} } catch {} }'],
  ['a catch around an await', 'begin(); for (;;) { try { await new Promise(() => {}) } catch {} }'],
  ['a loop in a finally block', 'try { throw 1 } catch {} finally { begin(); while (true) {} }'],
])('%s is stopped', async (_, code) => {
  expect(await evaluator.evaluate('function spin() { while (true) {} }')).toMatchObject({ status: 'ok' });
  const worker = interruptOnceBegun();
  expect(await evaluator.evaluate(code, { allowTypeErrors: true })).toEqual({ status: 'interrupted' });
  await worker.terminate();
  expect(await evaluator.evaluate('1 + 1')).toMatchObject({ value: 2 });
});

test('finally blocks run, with their own loops, calls and awaits', async () => {
  const worker = interruptOnceBegun();
  await evaluator.evaluate(
    `const done: string[] = [];
     const tidy = async () => { for (let i = 0; i < 3; i++) await null; done.push('tidied') };
     try { try { begin(); while (true) {} } finally { done.push('inner'); await tidy() } } finally { done.push('outer') }
     done.push('never')`,
    { allowTypeErrors: true },
  );
  await worker.terminate();
  expect(evaluator.scope['done']).toEqual(['inner', 'tidied', 'outer']);
});

/** Interrupts a while after the cell says that it has begun. */
function interruptSoon(): void {
  evaluator.scope['begin'] = () => setTimeout(() => evaluator.interrupt(), 40);
}

test('nothing that the cell started goes on', async () => {
  interruptSoon();
  const left = unhandled('unhandledRejection');
  const result = await evaluator.evaluate(
    `let ticks = 0, turns = 0;
     setInterval(() => ticks++, 1);
     const background = async () => { for (;;) { turns++; await new Promise(done => setImmediate(done)) } };
     background();
     begin();
     await new Promise(() => {})`,
    { allowTypeErrors: true },
  );
  expect(result).toEqual({ status: 'interrupted' });
  expect(isInterrupt(await left)).toBe(true);
  const { ticks, turns } = evaluator.scope;
  expect(ticks).toBeGreaterThan(0);
  expect(turns).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(evaluator.scope).toMatchObject({ ticks, turns });
});

test('what an earlier cell left running goes on', async () => {
  await evaluator.evaluate('let turns = 0; const timer = setInterval(() => { for (const _ of [1]) turns++ }, 1);');
  interruptSoon();
  const result = await evaluator.evaluate('begin(); await new Promise(() => {})', { allowTypeErrors: true });
  expect(result).toEqual({ status: 'interrupted' });
  const before = Number(evaluator.scope['turns']);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(evaluator.scope['turns']).toBeGreaterThan(before);
  await evaluator.evaluate('clearInterval(timer)');
});

test('interrupting when nothing runs does nothing', async () => {
  evaluator.interrupt();
  Atomics.store(evaluator.interruptFlag, 0, 1);
  expect(await evaluator.evaluate('let n = 0; for (let i = 0; i < 3; i++) n += i; n')).toMatchObject({ value: 3 });
});

test('an interrupt while compiling is taken before the cell runs', async () => {
  const running = evaluator.evaluate('var ran = true');
  evaluator.interrupt();
  expect(await running).toEqual({ status: 'interrupted' });
  expect(evaluator.scope).not.toHaveProperty('ran');
});

test('a request of 2 stops what a finished cell keeps the thread busy with', async () => {
  const worker = interruptOnceBegun(2);
  await evaluator.evaluate(
    `let stopped = false;
     setTimeout(() => { begin(); try { while (true) {} } finally { stopped = true } }, 5);`,
    { allowTypeErrors: true },
  );
  expect(await unhandled('uncaughtException')).toMatchObject({ name: 'InterruptError' });
  await worker.terminate();
  expect(evaluator.scope['stopped']).toBe(true);
});
