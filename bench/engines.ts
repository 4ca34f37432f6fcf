/**
 * Training steps per second with the whole Trainer around them (CSV logger, progress bar, five callbacks), on each engine;
 * beside it PyTorch's raw loop and Lightning with its defaults, if a Python that has them is named:
 *
 *     PYTHON=path/to/python npm run bench:engines [-- mlp cnn gpt]
 *
 * Engines and peers take turns, each in a process of its own; the medians of the rounds are printed, and their spread.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as tf from '@tensorflow/tfjs-core';
import {
  Adam,
  Callback,
  CSVLogger,
  EarlyStopping,
  listEngines,
  ModelCheckpoint,
  Module,
  Trainer,
  type EngineChoice,
} from 'strobe';
import { cnn, gpt, mlp, type BenchModel } from './models.js';

const MODELS: Record<string, { make: () => BenchModel; steps: number }> = {
  mlp: { make: mlp, steps: 1500 },
  cnn: { make: cnn, steps: 150 },
  gpt: { make: gpt, steps: 100 },
};
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const WARM_UP = 40;

class Bench extends Module {
  readonly #model: BenchModel;
  readonly weights: tf.Variable[];
  constructor(model: BenchModel) {
    super();
    this.#model = model;
    this.weights = model.parameters;
  }
  override trainingStep(): tf.Scalar {
    const loss = this.#model.loss();
    this.log('loss', loss, { progBar: true });
    return loss;
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters(), { lr: 1e-3 });
  }
}

/** A user's callback: counts batches, and takes the time of those after the warm-up. */
class Clock extends Callback {
  seconds = 0;
  #from = 0;
  override onTrainBatchEnd(
    _trainer: Trainer,
    _module: Module,
    _outputs: unknown,
    _batch: unknown,
    batchIdx: number,
  ): void {
    if (batchIdx + 1 === WARM_UP) this.#from = performance.now();
    this.seconds = (performance.now() - this.#from) / 1000;
  }
}
class Plain extends Callback {
  batches = 0;
  override onTrainBatchStart(): void {
    this.batches += 1;
  }
}

async function measure(name: string, backend: EngineChoice): Promise<number> {
  const { make, steps } = MODELS[name] as (typeof MODELS)[string];
  const folder = mkdtempSync(join(tmpdir(), 'strobe-bench-'));
  const clock = new Clock();
  const trainer = new Trainer({
    maxEpochs: 1,
    backend,
    seed: 1,
    logger: new CSVLogger({ saveDir: folder }),
    defaultRootDir: folder,
    enableModelSummary: false,
    callbacks: [
      clock,
      new Plain(),
      new EarlyStopping({ monitor: 'loss', patience: 1000 }),
      new ModelCheckpoint({ everyNTrainSteps: 1_000_000 }),
    ],
  });
  try {
    const model = make();
    const batches = Array.from({ length: WARM_UP + steps }, (_, i) => i);
    await trainer.fit(new Bench(model), batches);
    return steps / clock.seconds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [mode, name, engine] = process.argv.slice(2);
if (mode === '--measure') {
  const rate = await measure(name as string, engine as EngineChoice);
  process.stdout.write(`\nRATE ${rate}\n`);
} else {
  const chosen = process.argv.slice(2).filter((each) => each in MODELS);
  const works = (await listEngines()).filter(({ available }) => available).map(({ name }) => name as EngineChoice);
  // The plain JavaScript one takes seconds for a step of the larger models.
  const engines = works.filter((each) => each !== 'cpu' || process.argv.includes('cpu'));
  const here = fileURLToPath(import.meta.url);
  const python = process.env['PYTHON'];
  const contenders: [string, (model: string) => string][] = [
    ...engines.map((each): [string, (model: string) => string] => [
      each,
      (model) =>
        execFileSync(
          process.execPath,
          ['--import', 'tsx', '--conditions', 'strobe-source', here, '--measure', model, each],
          {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          },
        ),
    ]),
    ...(python ? ['raw', 'lightning'] : []).map((each): [string, (model: string) => string] => [
      each === 'raw' ? 'PyTorch raw' : 'Lightning',
      (model) =>
        execFileSync(python as string, [join(here, '../engines_torch.py'), model, each], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
    ]),
  ];
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  console.log(`${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, ${ROUNDS} rounds`);
  for (const model of chosen.length > 0 ? chosen : Object.keys(MODELS)) {
    const rates = contenders.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      contenders.forEach(([, run], i) => rates[i]?.push(Number(/RATE ([\d.]+)/.exec(run(model))?.[1])));
    }
    contenders.forEach(([label], i) => {
      const all = rates[i] as number[];
      const [low, high] = [Math.min(...all), Math.max(...all)].map((value) => value.toFixed(0));
      console.log(
        `${model.padEnd(4)} ${label.padEnd(12)} ${median(all).toFixed(0).padStart(6)} it/s   (${low} to ${high})`,
      );
    });
  }
}
