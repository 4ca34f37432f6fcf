/**
 * What holding a run costs: `trainer.fit` against `run.finish`, with and without a history, and pausing at every hook,
 * on an MLP of 784-128-10 with Adam and batches of 64; and what forking a model of ten million parameters takes.
 *
 *     npm run build && node --import tsx bench/run-costs.ts
 */
import os from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { Adam, Module, Trainer, type EngineChoice, type Run } from 'strobe';

const STEPS = 400;
const ROUNDS = 11;

class Mlp extends Module {
  readonly net: tf.Sequential;
  constructor(sizes: number[]) {
    super();
    this.net = tf.sequential({
      layers: sizes
        .slice(1)
        .map((units, i) =>
          tf.layers.dense({ units, inputShape: [sizes[i] ?? 1], activation: i < sizes.length - 2 ? 'relu' : 'linear' }),
        ),
    });
  }
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    return tf.losses.softmaxCrossEntropy(y, this.net.apply(x, { training: true }) as tf.Tensor);
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters());
  }
}

const batch: [tf.Tensor, tf.Tensor] = [tf.randomNormal([64, 784]), tf.oneHot(tf.zeros([64], 'int32'), 10)];
const loader = Array.from({ length: STEPS }, () => batch);
const make = (replay = true) =>
  new Trainer({
    replay,
    maxEpochs: 1,
    backend: (process.argv[2] ?? 'onnx') as EngineChoice,
    logger: false,
    enableCheckpointing: false,
    enableProgressBar: false,
    enableModelSummary: false,
  });

type Way = (trainer: Trainer, model: Mlp) => Promise<unknown>;

async function time(work: Way, replay?: boolean): Promise<number> {
  const trainer = make(replay);
  const model = new Mlp([784, 128, 10]);
  const began = performance.now();
  await work(trainer, model);
  const took = performance.now() - began;
  trainer.dispose();
  return took / STEPS;
}

async function hookByHook(run: Run): Promise<void> {
  for await (const _event of run);
}

/** What a step costs that is not replayed: the measure of a pause, since between pauses anything may be changed. */
const RECORDED = 'fit, every step recorded';

const none = { history: { limitBytes: 0 } };
const ways: Record<string, Way> = {
  fit: (trainer, model) => trainer.fit(model, loader),
  'run.finish': (trainer, model) => trainer.run(model, loader, none).finish(),
  'run.finish, a snapshot every step': (trainer, model) => trainer.run(model, loader).finish(),
  [RECORDED]: (trainer, model) => trainer.fit(model, loader),
  'paused at every hook': (trainer, model) => hookByHook(trainer.run(model, loader, none)),
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

await time((trainer, model) => trainer.fit(model, loader.slice(0, 20)));
const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) times.get(name)?.push(await time(way, name !== RECORDED));
}

console.log(
  `${os.cpus()[0]?.model}, Node ${process.versions.node}, engine ${tf.getBackend()}; ${ROUNDS} rounds of ${STEPS} steps, ways in turn`,
);
const ratios = (name: string, to: string) =>
  (times.get(name) ?? []).map((value, i) => value / (times.get(to)?.[i] ?? NaN));
for (const [name, values] of times) {
  console.log(
    `${name.padEnd(36)} ${median(values).toFixed(3)} ms a step, ratio to fit ${median(ratios(name, 'fit')).toFixed(3)}, recorded ${median(ratios(name, RECORDED)).toFixed(3)}`,
  );
}

const big = make();
const run = big.run(new Mlp([784, 4096, 1600, 10]), loader);
await run.step(1);
const forks: number[] = [];
for (let i = 0; i < 5; i++) {
  const began = performance.now();
  await run.fork();
  forks.push(performance.now() - began);
}
const size = run.module.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
console.log(`a fork of ${(size / 1e6).toFixed(1)} million parameters: ${median(forks).toFixed(1)} ms`);
