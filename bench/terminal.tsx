/**
 * What the terminal application costs: a frame, an hour of frames, the share of a run's time that goes into drawing, and the
 * time from a key to the screen.
 *
 *     NODE_ENV=production node --expose-gc --import tsx --conditions strobe-source bench/terminal.tsx
 */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { EarlyStopping, Module, parameter, SGD, Trainer } from 'strobe';
process.env['FORCE_COLOR'] = '3';
const { render } = await import('ink');
const { App } = await import('../repl/app/app.js');
const { Clock } = await import('../repl/app/clock.js');
const { RowTags, TAG_COLUMNS } = await import('../repl/app/row-tags.js');
const { screen } = await import('../repl/panes/screen.js');
const { Workbench } = await import('../repl/runs/workbench.js');
const { initialState } = await import('../repl/store/state.js');
const { Store } = await import('../repl/store/store.js');

/** An hour at ten frames a second. */
const HOUR = 36_000;
const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 50 },
] as const;
type Size = (typeof SIZES)[number];

class Small extends Module {
  readonly w = parameter(tf.randomNormal([64, 64]));
  /** Milliseconds that a step takes at the least. */
  pace = 0;
  override trainingStep(batch: tf.Tensor): tf.Scalar {
    const until = performance.now() + this.pace;
    const loss = tf.mean(tf.square(tf.matMul(batch, this.w.variable))) as tf.Scalar;
    this.log('train_loss', loss);
    while (performance.now() < until);
    return loss;
  }
  override validationStep(batch: tf.Tensor): void {
    this.log('val_loss', tf.mean(tf.square(tf.matMul(batch, this.w.variable))));
  }
  override configureOptimizers() {
    return new SGD(this.parameters(), { lr: 0.001 });
  }
}

/** The application on a run that has four epochs of 500 batches behind it, writing into nothing. */
async function application(size: Size) {
  const batches = Array.from({ length: 500 }, () => tf.ones([4, 64]));
  const trainer = new Trainer({
    maxEpochs: 1000,
    backend: 'cpu',
    logger: false,
    logEveryNSteps: 2,
    enableCheckpointing: false,
    enableModelSummary: false,
    callbacks: [new EarlyStopping({ monitor: 'val_loss', patience: 1000 })],
  });
  const model = new Small();
  const store = new Store(initialState('bench.ts', size));
  const bench = new Workbench({ trainer, model, data: { train: batches, val: batches.slice(0, 2) } }, store);
  await bench.goTo({ hook: 'onTrainEpochEnd', count: 4 });
  const tags = new RowTags();
  const stdout = Object.assign(new EventEmitter(), {
    columns: TAG_COLUMNS,
    rows: size.rows,
    isTTY: true,
    written: 0,
    cleared: 0,
    seen: (_text: string): void => undefined,
    write(text: string): boolean {
      const spelt = tags.spell(text);
      stdout.written += spelt.length;
      stdout.cleared += spelt.match(/\u001b\[[0-3]?J|\u001bc/g)?.length ?? 0;
      stdout.seen(spelt);
      return true;
    },
  });
  const typed: string[] = [];
  const nothing = (): void => undefined;
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: nothing,
    setEncoding: nothing,
    ref: nothing,
    unref: nothing,
    read: () => typed.shift() ?? null,
  });
  const times = { view: 0, rows: 0, ink: 0 };
  let onKey = (_key: string): void => undefined;
  const app = (rows: readonly string[]) => <App tags={tags.of(rows)} onKey={(key) => onKey(key)} />;
  const ink = render(app(['']), {
    stdout: stdout as never,
    stdin: stdin as never,
    patchConsole: false,
    exitOnCtrlC: false,
    maxFps: 1000,
  });
  const draw = (): void => {
    const { state } = store;
    const t0 = performance.now();
    state.view = bench.view(state.view, { callbacks: true, parameters: size.columns > 100 });
    const t1 = performance.now();
    const rows = screen(state, []);
    const t2 = performance.now();
    ink.rerender(app(rows));
    times.view += t1 - t0;
    times.rows += t2 - t1;
    times.ink += performance.now() - t2;
  };
  return {
    bench,
    store,
    model,
    stdout,
    times,
    draw,
    /** Something is different in each frame, as while a run plays. */
    frame(n: number): void {
      store.state.selected.parameters = n % 2;
      store.state.title = `bench ${n}`;
      draw();
    },
    press(key: string): void {
      typed.push(key);
      stdin.emit('readable');
    },
    onKey: (listener: (key: string) => void) => (onKey = listener),
    end: () => ink.unmount(),
  };
}

async function cost(size: Size): Promise<void> {
  const { frame, times, stdout, end } = await application(size);
  const count = 300;
  for (let n = -100; n < count; n++) {
    if (n === 0) Object.assign(times, { view: 0, rows: 0, ink: 0 }, (stdout.written = 0));
    frame(n);
    await sleep(2);
  }
  end();
  if (stdout.written === 0) throw new Error('Nothing was drawn.');
  const each = (time: number): string => (time / count).toFixed(2);
  const { view, rows, ink } = times;
  const parts = `view ${each(view)}, rows ${each(rows)}, Ink ${each(ink)}`;
  console.log(
    `a frame takes ${each(view + rows + ink)} ms (${parts}), ${(stdout.written / count / 1000).toFixed(1)} kB`,
  );
}

async function memory(size: Size): Promise<void> {
  const { frame, stdout, end } = await application(size);
  const heap = (): string => {
    global.gc?.();
    return (process.memoryUsage().heapUsed / 2 ** 20).toFixed(1);
  };
  const measured: string[] = [];
  for (let n = 0; n <= HOUR; n++) {
    frame(n);
    if (n % 20 === 0) await sleep(1);
    if (n % (HOUR / 4) === 0) measured.push(heap());
  }
  end();
  console.log(`heap ${measured.join(' → ')} MiB over ${HOUR} frames; clear-screen sequences: ${stdout.cleared}`);
}

/** A run of steps of 5 ms that is drawn as the application draws it, while somebody presses keys. */
async function playing(size: Size): Promise<void> {
  const { bench, store, model, stdout, times, draw, press, onKey, end } = await application(size);
  model.pace = 5;
  const clock = new Clock(draw, () => bench.playing);
  store.onChange(() => clock.request());
  onKey((key) => {
    store.change((state) => (state.title = `pressed ${key}`));
    clock.urge();
  });
  await bench.play(() => undefined);
  clock.urge();
  await sleep(3000);
  const [began, frames] = [performance.now(), clock.frames];
  Object.assign(times, { view: 0, rows: 0, ink: 0 });
  await sleep(10_000);
  const { view, rows, ink } = times;
  const share = (view + rows + ink) / (performance.now() - began);
  const shown = clock.frames - frames;
  const waits: number[] = [];
  for (let n = 0; n < 40; n++) {
    const key = String.fromCharCode(97 + (n % 26));
    const pressed = performance.now();
    const seen = new Promise<void>((resolve) => {
      stdout.seen = (text) => void (text.includes(`pressed ${key}`) && resolve());
    });
    press(key);
    await seen;
    waits.push(performance.now() - pressed);
    await sleep(100 + 7 * n);
  }
  bench.interrupt();
  await bench.standing();
  clock.stop();
  end();
  waits.sort((a, b) => a - b);
  const at = (share: number): string => (waits[Math.floor(share * (waits.length - 1))] ?? NaN).toFixed(0);
  console.log(
    `steps of 5 ms: ${(shown / 10).toFixed(1)} frames/s, ${(100 * share).toFixed(1)} % of the time; ` +
      `key to screen median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)} ms`,
  );
}

for (const size of SIZES) {
  console.log(`${size.columns}x${size.rows}`);
  await cost(size);
  await playing(size);
  if (process.argv.includes('--hour')) await memory(size);
}
