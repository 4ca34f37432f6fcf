import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { Adagrad, Adam, AdamW, RMSprop, SGD, type Optimizer } from '../../src/optim/index.js';
import { reference, type OptimizerCase } from './reference/reference.js';
import { named, values } from './support.js';

type Construct = new (params: unknown, options: unknown) => Optimizer;
const constructors = { SGD, Adam, AdamW, RMSprop, Adagrad } as unknown as Record<OptimizerCase['optimizer'], Construct>;
const shapes: Record<string, number[]> = { w: [3, 2], b: [2] };

/** The parameters and gradients of make_reference.py. */
function initial(name: string): tf.Tensor {
  const shape = shapes[name] as number[];
  return tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (i + 1) / 4 - 0.7),
    shape,
  );
}

function gradient(name: string, step: number): tf.Tensor {
  const shape = shapes[name] as number[];
  const offset = name.length + name.charCodeAt(0);
  const element = (i: number) => ((step * 7919 + (i + offset) * 104729) % 1000) / 500 - 1;
  return tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => element(i)),
    shape,
  );
}

/** Largest difference, in units in the last place of float32 at the magnitude the parameters have (about 1). */
function worstUlps(got: number[], want: number[]): number {
  return Math.max(...want.map((x, i) => Math.abs((got[i] as number) - x) / Math.max(1, Math.abs(x)))) / 2 ** -23;
}

for (const { optimizer: kind, options, groups, lrFrom51, values: expected } of reference.optimizers) {
  const title = `${kind} ${JSON.stringify(options)}${groups ? ` in groups ${JSON.stringify(groups)}` : ''}`;
  test(`${title}${lrFrom51 ? ', lr changed by hand' : ''} follows PyTorch for 100 steps`, () => {
    const parameters = ['w', 'b'].map((name) => named(name, initial(name)));
    const optimizer = new constructors[kind](
      groups ? parameters.map((p) => ({ params: [p], ...groups[p.name] })) : parameters,
      options,
    );
    for (let step = 1; step <= 100; step++) {
      if (lrFrom51 && step === 51) optimizer.lr = lrFrom51;
      for (const p of parameters) p.grad = gradient(p.name, step);
      optimizer.step();
      for (const p of parameters) {
        const want = expected[step]?.[p.name];
        // PyTorch rounds every intermediate to float32, Strobe only what it stores: a small part of a unit a step.
        if (want) expect(worstUlps(values(p), want), `${p.name} after step ${step}`).toBeLessThan(step <= 3 ? 2 : 8);
      }
    }
  });
}
