/**
 * Training steps per second with the whole Trainer around them (CSV logger, progress bar, five callbacks), beside
 * PyTorch's raw loop and Lightning with its defaults:
 *
 *     npm run bench:engines [-- mlp cnn gpt] [rounds=5] [threads=1,2] [with=recorded,spinning,native,wasm]
 *
 * All take turns, each in a process of its own; Strobe is the built package. Printed are the medians of the rounds with their spread, the processor
 * time of a step, and the medians of the ratios to PyTorch within a round.
 */
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { Callback, CSVLogger, EarlyStopping, ModelCheckpoint, type Module, Trainer, useBackend } from 'strobe';
import { registerOnnxBackend, type OnnxBackend } from 'strobe/onnx';
import { subjects } from './models.js';
import { pythonWithPeers } from './peers.js';

type Engine = 'onnx' | 'native' | 'wasm';

const STEPS: Record<string, number> = { mlp: 1500, cnn: 150, gpt: 100 };
/** Steps before the clock starts, for the compiler of JavaScript and the caches. */
const WARM_UP: Record<string, number> = { mlp: 300, cnn: 40, gpt: 40 };

/** A user's callback: takes the time of the batches after the warm-up. */
class Clock extends Callback {
  constructor(readonly warmUp: number) {
    super();
  }
  seconds = 0;
  cpu = 0;
  #from = 0;
  #cpuFrom = process.cpuUsage();
  override onTrainBatchEnd(_trainer: Trainer, _module: Module, _outputs: unknown, _batch: unknown, i: number): void {
    if (i + 1 === this.warmUp) {
      this.#from = performance.now();
      this.#cpuFrom = process.cpuUsage();
    }
    this.seconds = (performance.now() - this.#from) / 1000;
  }
  override onTrainEnd(): void {
    const { user, system } = process.cpuUsage(this.#cpuFrom);
    this.cpu = (user + system) / 1e6;
  }
}
class Plain extends Callback {
  batches = 0;
  override onTrainBatchStart(): void {
    this.batches += 1;
  }
}

async function measure(name: string, engine: Engine, how: string, threads: number): Promise<void> {
  const steps = STEPS[name] as number;
  if (how === 'spinning') registerOnnxBackend({ spinning: true });
  await useBackend(engine);
  if (engine === 'onnx') (tf.backend() as unknown as OnnxBackend).threads = threads;
  const folder = mkdtempSync(join(tmpdir(), 'strobe-bench-'));
  const clock = new Clock(WARM_UP[name] as number);
  const trainer = new Trainer({
    maxEpochs: 1,
    backend: engine,
    replay: how !== 'recorded',
    seed: 1,
    logger: new CSVLogger({ saveDir: folder }),
    defaultRootDir: folder,
    enableModelSummary: false,
    callbacks: [
      clock,
      new Plain(),
      new EarlyStopping({ monitor: 'loss', patience: 1_000_000 }),
      new ModelCheckpoint({ everyNTrainSteps: 1_000_000 }),
    ],
  });
  try {
    const { module, batch } = (subjects[name] as () => ReturnType<(typeof subjects)['mlp']>)();
    await trainer.fit(
      module,
      Array.from({ length: clock.warmUp + steps }, () => batch),
    );
    process.stdout.write(`\nRATE ${steps / clock.seconds} ${(1000 * clock.cpu) / steps}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Contender {
  label: string;
  run: (model: string, threads: number) => string;
}

const here = fileURLToPath(import.meta.url);
const quiet: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };

function strobe(label: string, engine: string, how: string): Contender {
  const node = ['--import', 'tsx', here, '--measure'];
  const run = (model: string, threads: number) =>
    execFileSync(process.execPath, [...node, model, engine, how, String(threads)], quiet);
  return { label, run };
}

function peer(label: string, python: string, how: string): Contender {
  const script = join(here, '../engines_torch.py');
  const run = (model: string, threads: number) => execFileSync(python, [script, model, how, String(threads)], quiet);
  return { label, run };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

function compare(contenders: Contender[], model: string, threads: number, rounds: number): void {
  const measured = contenders.map((): { rate: number; cpu: number }[] => []);
  for (let round = 0; round < rounds; round++) {
    contenders.forEach(({ run }, i) => {
      const [, rate, cpu] = /RATE ([\d.]+) ([\d.]+)/.exec(run(model, threads)) ?? [];
      measured[i]?.push({ rate: Number(rate), cpu: Number(cpu) });
    });
  }
  const reference = measured[contenders.findIndex(({ label }) => label === 'PyTorch raw')];
  contenders.forEach(({ label }, i) => {
    const all = measured[i] as { rate: number; cpu: number }[];
    const rates = all.map(({ rate }) => rate);
    const spread = `${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}`;
    const ratio = reference ? median(rates.map((rate, k) => rate / (reference[k]?.rate ?? NaN))).toFixed(2) : '';
    const cpuRatio = reference ? median(all.map(({ cpu }, k) => (reference[k]?.cpu ?? NaN) / cpu)).toFixed(2) : '';
    const cells = [
      `${model} ${threads}`.padEnd(6),
      label.padEnd(16),
      `${median(rates).toFixed(0).padStart(6)} it/s (${spread})`.padEnd(28),
      `x${ratio}`.padEnd(6),
      `${median(all.map(({ cpu }) => cpu)).toFixed(2)} ms of processor, x${cpuRatio}`,
    ];
    console.log(cells.join('  '));
  });
}

const [mode, ...args] = process.argv.slice(2);
if (mode === '--measure') {
  const [name, engine, how, threads] = args as [string, Engine, string, string];
  await measure(name, engine, how, Number(threads));
} else {
  const words = process.argv.slice(2);
  const option = (name: string, fallback: string) =>
    (words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? fallback).split(',');
  const [models, rounds, others] = [words.filter((word) => word in STEPS), option('rounds', '5'), option('with', '')];
  const python = pythonWithPeers();
  const contenders = [
    ...(python ? [peer('PyTorch raw', python, 'raw'), peer('Lightning', python, 'lightning')] : []),
    strobe('Strobe', 'onnx', 'replayed'),
    ...(others.includes('spinning') ? [strobe('threads spin', 'onnx', 'spinning')] : []),
    ...(others.includes('recorded') ? [strobe('without replay', 'onnx', 'recorded')] : []),
    ...(['native', 'wasm'] as const)
      .filter((each) => others.includes(each))
      .map((each) => strobe(`on ${each}`, each, 'recorded')),
  ];
  console.log(`${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, ${rounds[0]} rounds`);
  for (const model of models.length > 0 ? models : Object.keys(STEPS)) {
    for (const threads of option('threads', '1,2')) compare(contenders, model, Number(threads), Number(rounds[0]));
  }
}
