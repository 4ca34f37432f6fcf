/**
 * What the terminal application's frames cost, and whether an hour of them leaves anything behind.
 *
 *     node --expose-gc --import tsx --conditions strobe-source bench/terminal.tsx
 */
import { EventEmitter } from 'node:events';
import * as tf from '@tensorflow/tfjs';
import { EarlyStopping, Module, parameter, SGD, Trainer } from 'strobe';
process.env['NODE_ENV'] = 'production';
process.env['FORCE_COLOR'] = '3';
const { render } = await import('ink');
const { App } = await import('../repl/app/app.js');
const { screen } = await import('../repl/panes/screen.js');
const { Workbench } = await import('../repl/runs/workbench.js');
const { initialState } = await import('../repl/store/state.js');
const { Store } = await import('../repl/store/store.js');

/** An hour at ten frames a second. */
const HOUR = 36_000;

class Screen extends EventEmitter {
  isTTY = true;
  written = 0;
  cleared = 0;
  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    super();
  }
  write(text: string): boolean {
    this.written += text.length;
    this.cleared += text.match(/\u001b\[[0-3]?J|\u001bc/g)?.length ?? 0;
    return true;
  }
}

class Small extends Module {
  readonly w = parameter(tf.randomNormal([64, 64]));
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.square(tf.matMul(batch, this.w.variable))) as tf.Scalar;
    this.log('train_loss', loss);
    return loss;
  }
  override validationStep(batch: tf.Tensor): void {
    this.log('val_loss', tf.mean(tf.square(tf.matMul(batch, this.w.variable))));
  }
  override configureOptimizers() {
    return new SGD(this.parameters(), { lr: 0.001 });
  }
}

const batches = Array.from({ length: 500 }, () => tf.ones([4, 64]));
const trainer = new Trainer({
  maxEpochs: 8,
  backend: 'cpu',
  logger: false,
  logEveryNSteps: 2,
  enableCheckpointing: false,
  enableModelSummary: false,
  callbacks: [new EarlyStopping({ monitor: 'val_loss' })],
});

for (const [columns, rows] of [
  [80, 24],
  [200, 50],
] as const) {
  const store = new Store(initialState('bench.ts', { columns, rows }));
  const bench = new Workbench(
    { trainer, model: new Small(), data: { train: batches, val: batches.slice(0, 2) } },
    store,
  );
  await bench.goTo({ hook: 'onTrainEpochEnd', count: 4 });
  const stdout = new Screen(columns, rows);
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: () => undefined,
    setEncoding: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
    read: () => null,
  });
  const ink = render(<App rows={[]} onKey={() => undefined} />, {
    stdout: stdout as never,
    stdin: stdin as never,
    patchConsole: false,
    exitOnCtrlC: false,
    maxFps: 1000,
  });
  const times = { view: 0, rows: 0, ink: 0 };
  const frame = (n: number): void => {
    const { state } = store;
    const t0 = performance.now();
    state.view = bench.view(state.view, { callbacks: true, parameters: columns > 100 });
    // Something is different in each, as while a run plays.
    state.view.position = { ...state.view.position, batchIdx: n % 500, globalStep: n };
    const t1 = performance.now();
    const drawn = screen(state, []);
    const t2 = performance.now();
    ink.rerender(<App rows={drawn} onKey={() => undefined} />);
    times.view += t1 - t0;
    times.rows += t2 - t1;
    times.ink += performance.now() - t2;
  };
  for (let n = 0; n < 100; n++) frame(n);
  const wait = () => new Promise((resolve) => setTimeout(resolve, 1));
  const count = 300;
  Object.assign(times, { view: 0, rows: 0, ink: 0 });
  stdout.written = 0;
  for (let n = 0; n < count; n++) {
    frame(n);
    await wait();
  }
  const each = (time: number) => (time / count).toFixed(2);
  console.log(
    `${columns}x${rows}: a frame takes ${each(times.view + times.rows + times.ink)} ms (view ${each(times.view)}, rows ${each(times.rows)}, Ink ${each(times.ink)}), ${(stdout.written / count / 1000).toFixed(1)} kB`,
  );
  const heap = () => {
    global.gc?.();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  await wait();
  const before = heap();
  const frames = process.argv.includes('--hour') ? HOUR : HOUR / 10;
  for (let n = 0; n < frames; n++) {
    frame(n);
    if (n % 50 === 0) await wait();
  }
  console.log(
    `${columns}x${rows}: heap ${before.toFixed(1)} -> ${heap().toFixed(1)} MiB after ${frames} frames; clear-screen sequences: ${stdout.cleared}`,
  );
  ink.unmount();
}
