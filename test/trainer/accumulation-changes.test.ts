import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LambdaCallback, Module, parameter, SGD, type Run, type TrainerOptions } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-accumulation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const LR = 0.1;
const inputs = tf.randomNormal([8, 3, 2], 0, 1, 'float32', 1);
const targets = tf.randomNormal([8, 3], 0, 1, 'float32', 2);
const batches = (count: number) =>
  Array.from({ length: count }, (_, i) => [tf.gather(inputs, i), tf.gather(targets, i)] as [tf.Tensor, tf.Tensor]);

const lossOf = ([x, y]: [tf.Tensor, tf.Tensor], w: tf.Tensor, b: tf.Tensor): tf.Scalar =>
  tf.losses.meanSquaredError(y, tf.tanh(tf.add(tf.sum(tf.mul(x, w), -1), b))) as tf.Scalar;

class Neuron extends Module {
  readonly w = parameter(tf.tensor1d([0.5, -0.5]));
  readonly b = parameter(tf.scalar(0.25));
  readonly after: number[][] = [];
  override trainingStep(batch: [tf.Tensor, tf.Tensor]): tf.Scalar {
    return lossOf(batch, this.w.variable, this.b.variable);
  }
  override onTrainBatchEnd(): void {
    this.after.push(this.values);
  }
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: LR, momentum: 0.5 });
  }
  get values(): number[] {
    return [...this.w.variable.dataSync(), ...this.b.variable.dataSync()];
  }
}

/** What the weights are after each batch if an update takes the mean gradient of as many batches as are wanted by then. */
function byHand(data: [tf.Tensor, tf.Tensor][], epochs: number, wanted: (batch: number) => number) {
  const [w, b] = [tf.variable(tf.tensor1d([0.5, -0.5])), tf.variable(tf.scalar(0.25))];
  const velocity: (tf.Tensor | undefined)[] = [undefined, undefined];
  const after: number[][] = [];
  let steps = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    let gathered: tf.Tensor[][] = [];
    data.forEach((batch, i) => {
      const { grads } = tf.variableGrads(() => lossOf(batch, w, b), [w, b]);
      gathered.push([w, b].map((variable) => grads[variable.name] as tf.Tensor));
      if (gathered.length >= wanted(epoch * data.length + i) || i === data.length - 1) {
        [w, b].forEach((variable, j) => {
          const mean = tf.div(tf.addN(gathered.map((each) => each[j] as tf.Tensor)), gathered.length);
          const former = velocity[j];
          velocity[j] = former ? tf.add(tf.mul(former, 0.5), mean) : mean;
          variable.assign(tf.sub(variable, tf.mul(velocity[j], LR)));
        });
        gathered = [];
        steps += 1;
      }
      after.push([...w.dataSync(), ...b.dataSync()]);
    });
  }
  return { after, steps };
}

/** Hooks at which the number is changed; after the forward pass it is the next batch's. */
const MOMENTS = {
  onTrainBatchStart: 0,
  onBeforeZeroGrad: 1,
  onBeforeBackward: 1,
  onAfterBackward: 1,
  onBeforeOptimizerStep: 1,
  onTrainBatchEnd: 1,
} as const;
type Moment = keyof typeof MOMENTS;

interface Change {
  batch: number;
  at: Moment;
  to: number;
}

const change = fc.record({
  batch: fc.nat(13),
  at: fc.constantFrom(...(Object.keys(MOMENTS) as Moment[])),
  to: fc.integer({ min: 1, max: 5 }),
});
const config = fc.record({
  count: fc.integer({ min: 1, max: 7 }),
  first: fc.integer({ min: 1, max: 5 }),
  changes: fc.array(change, { maxLength: 6 }),
  sized: fc.boolean(),
});
type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;

/** Has the number changed at these moments, and keeps how it was changed. */
function changing(changes: Change[]) {
  const made: { from: number; to: number }[] = [];
  const hooks = Object.keys(MOMENTS).map((name) => {
    const at = name as Moment;
    const call = ({
      progress,
      limits,
    }: {
      progress: { totalBatches: number };
      limits: { accumulateGradBatches: number };
    }) => {
      for (const { to } of changes.filter((each) => each.at === at && each.batch === progress.totalBatches)) {
        limits.accumulateGradBatches = to;
        made.push({ from: progress.totalBatches + MOMENTS[at], to });
      }
    };
    return [name, call] as const;
  });
  return { made, callback: new LambdaCallback(Object.fromEntries(hooks)) };
}

function begin({ count, first, changes, sized }: Config, options: TrainerOptions = {}) {
  const data = batches(count);
  const { made, callback } = changing(changes);
  const callbacks = [callback, ...(options.callbacks ?? [])];
  const trainer = quietTrainer({ maxEpochs: 2, accumulateGradBatches: first, ...options, callbacks });
  const unsized = { *[Symbol.iterator]() { yield* data; } }; // prettier-ignore
  return { trainer, model: new Neuron(), data, made, train: sized ? data : unsized };
}

describe('a number of accumulated batches that is changed while they are gathered', () => {
  it(
    'has every gradient go into one update, which takes the mean of those gathered',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(config, async (config) => {
          const { trainer, model, data, made, train } = begin(config);
          const { steps } = await trainer.fit(model, train);
          const wanted = (batch: number) => made.filter(({ from }) => from <= batch).at(-1)?.to ?? config.first;
          const expected = byHand(data, 2, wanted);
          expect(steps).toBe(expected.steps);
          expect(model.after.length).toBe(expected.after.length);
          model.after.flat().forEach((value, i) => expect(value).toBeCloseTo(expected.after.flat()[i] as number, 5));
          trainer.dispose();
        }),
        { numRuns: 100 },
      );
    },
  );

  it.each([
    ['lowered to what is gathered', 4, 2, 2], // The next batch is the last.
    ['lowered', 4, 1, 3],
    ['raised', 2, 1, 3],
  ])('%s in mid-window it counts for the window at hand', async (_, first, after, then) => {
    const model = new OneWeight();
    const run = quietTrainer({ accumulateGradBatches: first }).run(model, upTo(6));
    for (const batches of [1, 2]) {
      await run.step();
      if (batches === after) run.trainer.limits.accumulateGradBatches = then;
    }
    expect(model.value).toBe(1);
    await run.step();
    expect(model.value).toBeCloseTo(1 - (0.1 * (1 + 2 + 3)) / 3, 6);
    await run.stop();
  });

  const where = fc.double({ min: 0, max: 1, noNaN: true });
  const bitsOf = ({ trainer, model }: Pick<ReturnType<typeof begin>, 'trainer' | 'model'>) => ({
    weights: model.values,
    steps: trainer.globalStep,
    progress: structuredClone(trainer.progress),
  });
  async function hooksOf(run: Run): Promise<number> {
    let hooks = 0;
    while (await run.next()) hooks += 1;
    return hooks;
  }

  it('gives the same bits when the run is saved and resumed', { timeout: 240_000 }, async () => {
    let file = 0;
    await fc.assert(
      fc.asyncProperty(config, where, async (config, where) => {
        const whole = begin(config);
        const hooks = await hooksOf(whole.trainer.run(whole.model, whole.train));

        const left = begin(config);
        const run = left.trainer.run(left.model, left.train);
        for (let i = 0; i <= Math.floor(where * (hooks - 1)); i++) await run.next();
        const path = join(folder, `${file++}.ckpt`);
        await run.save(path);
        await run.stop();

        const resumed = begin(config);
        resumed.trainer.printer = () => undefined;
        await resumed.trainer.fit(resumed.model, resumed.train, { ckptPath: path });
        expect(bitsOf(resumed)).toEqual(bitsOf(whole));
        await rm(path);
        for (const { trainer } of [whole, left, resumed]) trainer.dispose();
      }),
      { numRuns: 100 },
    );
  });

  it('gives the same bits when the run goes back, and when a fork goes on', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(config, where, where, async (config, where, back) => {
        const whole = begin(config);
        const hooks = await hooksOf(whole.trainer.run(whole.model, whole.train));
        const wanted = bitsOf(whole);

        const { trainer, model, train } = begin(config);
        const run = trainer.run(model, train);
        for (let i = 0; i <= Math.floor(where * (hooks - 1)); i++) await run.next();
        const fork = await run.fork();
        const { from, to } = run.history;
        if (to >= 0) await run.rewind({ step: from + Math.floor(back * (to - from)) });
        await fork.finish();
        expect(bitsOf({ trainer: fork.trainer, model })).toEqual(wanted);
        await run.finish();
        expect(bitsOf({ trainer, model })).toEqual(wanted);
        for (const each of [whole.trainer, fork.trainer, trainer]) each.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it('goes back to where the gradients of a step begin, also after a change', async () => {
    const run = quietTrainer({ accumulateGradBatches: 3 }).run(new OneWeight(), upTo(8));
    await run.step(4);
    run.trainer.limits.accumulateGradBatches = 2; // From here on windows are [3, 4], [5, 6] and [7].
    await run.step(2);
    const { batchIdx } = await run.rewind({ step: 2 });
    expect(batchIdx).toBe(5);
    await run.stop();
  });

  it('leaves gathered gradients alone in a validation within the window', async () => {
    class Validated extends OneWeight {
      override validationStep(): void {}
    }
    const model = new Validated();
    const trainer = quietTrainer({ accumulateGradBatches: 2, valCheckInterval: 1 });
    const run = trainer.run(model, { train: upTo(6), val: upTo(1) });
    await run.step();
    trainer.limits.accumulateGradBatches = 3;
    await run.step();
    trainer.limits.accumulateGradBatches = 2; // Two are gathered: after them comes a validation.
    await run.step();
    expect(model.value).toBeCloseTo(1 - 0.1 * 2, 6);
    await run.stop();
  });
});

describe('a checkpoint from before windows were saved', () => {
  it('goes on in the window that the index of its batch tells', { timeout: 120_000 }, async () => {
    const options = { accumulateGradBatches: 3, maxEpochs: 2 };
    const old = new LambdaCallback({
      onSaveCheckpoint: (_trainer, _module, checkpoint) =>
        void delete (checkpoint['run'] as { progress: { window?: unknown } }).progress.window,
    });
    const whole = new OneWeight();
    const hooks = await hooksIn(whole);
    for (let stop = 1; stop <= hooks; stop++) {
      const run = quietTrainer({ ...options, callbacks: [old] }).run(new OneWeight(), upTo(5));
      for (let i = 0; i < stop; i++) await run.next();
      const path = join(folder, `old-${stop}.ckpt`);
      await run.save(path);
      await run.stop();
      const model = new OneWeight();
      await quietTrainer(options).fit(model, upTo(5), { ckptPath: path });
      expect(model.value).toBe(whole.value);
    }

    async function hooksIn(model: OneWeight): Promise<number> {
      let count = 0;
      const run = quietTrainer({ ...options, callbacks: [old] }).run(model, upTo(5));
      while (await run.next()) count += 1;
      return count;
    }
  });
});
