/**
 * What a cell costs, beside tslab's converter in the same run: `node --import tsx bench/evaluator.ts`.
 * Milliseconds are medians of the wall clock; `cpu` is the processor time of a cell, which a busy machine disturbs less.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { createEvaluator } from '../src/evaluator/evaluator.js';

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const evaluator = createEvaluator({ cwd: process.cwd() });

async function evaluate(code: string): Promise<unknown> {
  const result = await evaluator.evaluate(code);
  if (result.status !== 'ok') throw new Error(`${code}: ${JSON.stringify(result)}`);
  return result.value;
}

async function times(count: number, run: (index: number) => unknown): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await run(index);
    found.push(performance.now() - start);
  }
  return found;
}

function report(what: string, value: number, unit = 'ms'): void {
  console.log(`${what.padEnd(64)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}`);
}

const born = performance.now();
await evaluate('1 + 1');
report('from nothing to the first value', performance.now() - born);

const cell = (index: number): string => `let x = 1 + ${index}; console.assert(x > 0); [1, 2].map(n => n + x)`;
await times(20, (index) => evaluate(cell(index)));
report('1 + 1', median(await times(50, () => evaluate('1 + 1'))));
report('a cell that declares a variable', median(await times(50, (index) => evaluate(cell(index)))));

const start = performance.now();
await evaluate('import * as tf from "@tensorflow/tfjs";');
report('import tfjs', performance.now() - start);
await evaluate('const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2] })] });');
await times(10, (index) => evaluate(cell(index)));
report('with tfjs imported: 1 + 1', median(await times(30, () => evaluate('1 + 1'))));
report(
  'with tfjs imported: a cell that declares a variable',
  median(await times(30, (index) => evaluate(cell(index)))),
);
report(
  'with tfjs imported: a cell that uses it',
  median(await times(30, (index) => evaluate(`const t${index} = tf.tensor([${index}]).shape; model.countParams()`))),
);
report('with tfjs imported: complete', median(await times(20, () => evaluator.complete('model.co', 8))));
report('with tfjs imported: inspect', median(await times(20, () => evaluator.inspect('model.countParams', 8))));

const memory = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};
const before = memory();
const hundred = await times(100, (index) =>
  evaluate(`let v${index} = ${index}; class C${index} { n = v${index} }; new C${index}()`),
);
report('100 cells that declare: the first 20', median(hundred.slice(0, 20)));
report('100 cells that declare: the last 20', median(hundred.slice(-20)));
report('100 cells that declare: memory', memory() - before, 'MB more');
report('memory of the process', memory(), 'MB');

const iterations = 5e7;
const timed = (length: number): number => {
  const start = performance.now();
  let sum = 0;
  for (let i = 0; i < length; i++) sum += i;
  return sum < 0 ? NaN : ((performance.now() - start) * 1e6) / length;
};
report('a turn of an empty loop: plain', median([timed(iterations), timed(iterations), timed(iterations)]), 'ns');
const guarded = `const timed = ${timed.toString()}; [1, 2, 3].map(() => timed(${iterations})).sort((a, b) => a - b)[1]`;
report('a turn of an empty loop: in a cell', Number(await evaluate(guarded)), 'ns');

const stopped = async (code: string): Promise<number> => {
  const worker = new Worker(
    `const { workerData: flag, parentPort } = require('node:worker_threads');
     setTimeout(() => { parentPort.postMessage(Date.now()); Atomics.store(flag, 0, 1); }, 500);`,
    { eval: true, workerData: evaluator.interruptFlag },
  );
  let at = 0;
  worker.on('message', (time: number) => (at = time));
  await evaluator.evaluate(code);
  const end = Date.now();
  // The worker's message may come after the interrupt.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await worker.terminate();
  return end - at;
};
report('interrupt: a loop', await stopped('while (true) {}'));
report('interrupt: a loop after an await', await stopped('await null; for (;;) {}'));
report('interrupt: a pending await', await stopped('await new Promise(() => {})'));
await evaluator.dispose();

if (process.argv.includes('--tslab')) {
  const { createConverter } = createRequire(import.meta.url)('tslab/dist/converter.js') as {
    createConverter(): { convert(before: string, code: string): { declOutput?: string }; close(): void };
  };
  const start = performance.now();
  const converter = createConverter();
  report("tslab's converter: created", performance.now() - start);
  let declared = '';
  const convert = (code: string): void => {
    declared = converter.convert(declared, code).declOutput ?? declared;
  };
  await times(20, (index) => convert(cell(index)));
  report(
    "tslab's converter: a cell that declares a variable",
    median(await times(30, (index) => convert(cell(index)))),
  );
  convert('import * as tf from "@tensorflow/tfjs";');
  await times(5, (index) => convert(cell(index)));
  report("tslab's converter: the same with tfjs imported", median(await times(20, (index) => convert(cell(index)))));
  converter.close();
}
