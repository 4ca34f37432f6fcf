import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import type { Parameter } from '../module/parameter.js';
import { Callback } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Which norms to log: of everything, of each layer, of each parameter. */
  per: z.array(z.enum(['total', 'layer', 'parameter'])).default(['total', 'layer', 'parameter']),
  /** Which norm: 1, 2, or `Infinity` for the largest element. */
  normType: z.union([z.literal(1), z.literal(2), z.literal(Infinity)], { error: '1, 2 or Infinity' }).default(2),
  /** What names begin with. */
  prefix: z.string().default('grad_norm'),
  /** Also count elements that are NaN or infinite. */
  countNonFinite: z.boolean().default(true),
});

export type GradientMonitorOptions = z.input<typeof schema>;

/** A parameter's gradient in numbers: the norm before its root, and how many elements are no numbers. */
interface Measure {
  name: string;
  power: number;
  nonFinite: number;
}

/**
 * Logs norms of the gradients as they are before clipping, whenever logs are due: `grad_norm/total`,
 * `grad_norm/<layer>`, `grad_norm/<parameter>`; and `grad_nan/total`, with `grad_nan/<parameter>` where there are any.
 */
export class GradientMonitor extends Callback {
  readonly #options: z.output<typeof schema>;

  constructor(options: GradientMonitorOptions = {}) {
    super();
    this.#options = checkOptions('GradientMonitor', schema, options);
  }

  /** Synchronous: a module that optimizes by hand calls it from inside its step. */
  override onBeforeOptimizerStep(trainer: Trainer, module: Module): void {
    if (!trainer.logsAreDue) return;
    const parameters = module.parameters().filter(({ grad }) => grad !== null);
    if (parameters.length > 0) module.logDict(this.#metrics(measure(parameters, this.#options.normType)));
  }

  #metrics(measures: Measure[]): Metrics {
    const { per, normType, prefix, countNonFinite } = this.#options;
    const norm = (some: Measure[]) => rootOf(some, normType);
    const metrics: Metrics = {};
    if (per.includes('total')) metrics[`${prefix}/total`] = norm(measures);
    if (per.includes('layer')) {
      for (const [layer, some] of byLayer(measures)) metrics[`${prefix}/${layer}`] = norm(some);
    }
    if (per.includes('parameter')) for (const each of measures) metrics[`${prefix}/${each.name}`] = norm([each]);
    if (countNonFinite) {
      metrics['grad_nan/total'] = measures.reduce((sum, { nonFinite }) => sum + nonFinite, 0);
      for (const { name, nonFinite } of measures) if (nonFinite > 0) metrics[`grad_nan/${name}`] = nonFinite;
    }
    return metrics;
  }
}

/** One read from the engine for all parameters. */
function measure(parameters: Parameter[], normType: number): Measure[] {
  const numbers = tf.tidy(() => {
    const rows = parameters.map(({ grad }) => {
      const gradient = grad as tf.Tensor;
      const finite = tf.isFinite(gradient);
      const bad = tf.sub(gradient.size, tf.sum(tf.cast(finite, 'float32')));
      return tf.stack([powerOf(gradient, normType), bad]);
    });
    return tf.stack(rows).dataSync();
  });
  return parameters.map(({ name }, i) => ({
    name,
    power: numbers[2 * i] ?? NaN,
    nonFinite: numbers[2 * i + 1] ?? 0,
  }));
}

function powerOf(gradient: tf.Tensor, normType: number): tf.Tensor {
  if (normType === 2) return tf.sum(tf.square(gradient));
  return normType === 1 ? tf.sum(tf.abs(gradient)) : tf.max(tf.abs(gradient));
}

function rootOf(measures: Measure[], normType: number): number {
  const powers = measures.map(({ power }) => power);
  if (normType === Infinity) return Math.max(...powers);
  const sum = powers.reduce((total, power) => total + power, 0);
  return normType === 2 ? Math.sqrt(sum) : sum;
}

/** Parameters by the layer that holds them: the name up to its last dot. A parameter of the module's own has none. */
function byLayer(measures: Measure[]): Map<string, Measure[]> {
  const layers = new Map<string, Measure[]>();
  for (const each of measures) {
    const dot = each.name.lastIndexOf('.');
    if (dot === -1) continue;
    const layer = each.name.slice(0, dot);
    layers.set(layer, [...(layers.get(layer) ?? []), each]);
  }
  return layers;
}
