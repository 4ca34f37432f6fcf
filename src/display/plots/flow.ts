import type * as tf from '@tensorflow/tfjs-core';
import { ContractError, StrobeError } from '../../errors.js';
import type { Module } from '../../module/module.js';
import { Figure } from '../figure/figure.js';
import { numbersOf } from './values.js';

/** How large a module's weights are, parameter by parameter: mean and largest magnitude. */
export function parameterFlow(module: Module): Figure {
  const tensors = [...module.namedParameters()].map(([name, { variable }]) => [name, variable] as const);
  return flow('Parameters', 'magnitude of the weights', tensors);
}

/**
 * How gradients get through a module, from its first parameter to its last: mean and largest magnitude of each. Zero or
 * tiny ones near the top are gradients that vanish, large ones that explode.
 *
 * @param source a module that stands between backward and the update, or gradients by name, as `onAfterBackward` has them
 */
export function gradientFlow(source: Module | Readonly<Record<string, tf.Tensor>>): Figure {
  const gradients = isModule(source) ? gradientsOf(source) : Object.entries(source);
  if (gradients.length > 0) return flow('Gradient flow', 'magnitude of the gradients', gradients);
  throw new ContractError(
    StrobeError.compose('gradientFlow: there are no gradients here.', {
      expected: 'a run that stands between backward and the update',
      received: 'parameters whose grad is null',
      hint: "go on with await run.until('onAfterBackward'), then call gradientFlow(run.module)",
    }),
  );
}

function isModule(source: Module | Readonly<Record<string, tf.Tensor>>): source is Module {
  return typeof (source as Partial<Module>).namedParameters === 'function';
}

function gradientsOf(module: Module): [string, tf.Tensor][] {
  return [...module.namedParameters()].flatMap(([name, { grad }]) =>
    grad ? [[name, grad] as [string, tf.Tensor]] : [],
  );
}

function flow(title: string, label: string, tensors: readonly (readonly [string, tf.Tensor])[]): Figure {
  const sizes = tensors.map(([, tensor]) => magnitudes(numbersOf(tensor)));
  const places = tensors.map((_, i) => i);
  const rows = (name: string, x: number[]) => ({ kind: 'rows', name, x, y: places }) as const;
  return new Figure({
    title,
    panels: [
      {
        kind: 'curves',
        x: { label: `${label} (log)`, scale: 'log' },
        y: { categories: tensors.map(([name]) => name) },
        series: [
          rows(
            'largest',
            sizes.map(({ most }) => most),
          ),
          rows(
            'mean',
            sizes.map(({ mean }) => mean),
          ),
        ],
      },
    ],
  });
}

function magnitudes(values: ArrayLike<number>): { mean: number; most: number } {
  let [sum, most] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] ?? NaN);
    sum += size;
    // Not Math.max of all: NaN has to come through, and there may be millions.
    most = size > most || Number.isNaN(size) ? size : most;
  }
  return { mean: values.length > 0 ? sum / values.length : 0, most: Number.isNaN(sum) ? NaN : most };
}
