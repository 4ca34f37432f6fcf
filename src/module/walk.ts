import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { ContractError, StrobeError } from '../errors.js';
import { isPlainRecord } from '../tensors/tree.js';
import { Parameter } from './parameter.js';

/** Non-trainable values that belong to the weights all the same, such as BatchNorm's moving statistics. */
export interface Buffer {
  /** Dotted path from the module. */
  readonly name: string;
  /** Where its values are. */
  readonly variable: tf.Variable;
}

/** What a walk over a module's own properties finds, in the order of the properties. */
export interface Found {
  parameters: Parameter[];
  buffers: Buffer[];
  /** Direct children: modules, layers and models, by the name of the property that holds them. */
  children: [string, object][];
}

/** What the walk takes for a module, so that it need not import the class that imports it. */
export const IS_MODULE = Symbol.for('strobe.module');

type LayerVariable = { name: string; originalName: string; trainable: boolean; val: tf.Variable; read(): tf.Tensor };

/** One Parameter per variable, however often it is found: weights may be shared between layers or modules. */
const known = new WeakMap<tf.Variable, Parameter>();

export function walk(module: object): Found {
  const found: Found = { parameters: [], buffers: [], children: [] };
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string, top: boolean): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    if (value instanceof Parameter) {
      seen.add(value);
      if (seen.has(value.variable)) return;
      seen.add(value.variable);
      value.rename(path);
      found.parameters.push(value);
    } else if (value instanceof tf.Variable) {
      seen.add(value);
      addVariable(found, value, path, value.trainable);
    } else if (value instanceof tf.Tensor) {
      // A constant: neither trained nor saved.
    } else if (value instanceof layers.layers.Layer) {
      seen.add(value);
      if (top) found.children.push([path, value]);
      visitLayer(found, value, path, seen);
    } else if (IS_MODULE in value) {
      seen.add(value);
      if (top) found.children.push([path, value]);
      for (const [key, child] of Object.entries(value)) visit(child, join(path, key), false);
    } else if (Array.isArray(value)) {
      seen.add(value);
      value.forEach((item, index) => visit(item, join(path, String(index)), top));
    } else if (isPlainRecord(value)) {
      seen.add(value);
      for (const [key, item] of Object.entries(value)) visit(item, join(path, key), top);
    }
  };
  seen.add(module);
  for (const [key, value] of Object.entries(module)) visit(value, key, true);
  return found;
}

/** The parameters of a layer or model, under the names that the module it is in has given them. */
export function parametersOfLayer(layer: layers.layers.Layer): Parameter[] {
  const names = new Map(
    layer.weights.flatMap((weight) => {
      const parameter = known.get((weight as unknown as LayerVariable).val);
      return parameter ? [[parameter, parameter.name] as const] : [];
    }),
  );
  const { parameters } = walk({ layer });
  for (const [parameter, name] of names) parameter.rename(name);
  return parameters;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function addVariable(found: Found, variable: tf.Variable, name: string, trainable: boolean): void {
  if (!trainable) {
    found.buffers.push({ name, variable });
    return;
  }
  let parameter = known.get(variable);
  if (!parameter) known.set(variable, (parameter = new Parameter(variable, name)));
  parameter.rename(name);
  found.parameters.push(parameter);
}

/** A layer's or model's weights: `net.dense_1.kernel`, and for models in models the whole path. */
function visitLayer(found: Found, layer: layers.layers.Layer, path: string, seen: Set<unknown>): void {
  if ('layers' in layer) {
    for (const [name, child] of layersOf(layer)) {
      if (seen.has(child)) continue;
      seen.add(child);
      visitLayer(found, child, join(path, name), seen);
    }
    return;
  }
  if (!layer.built) throw unbuilt(layer, path);
  // A layer counts its weights by `trainable`, which users switch to freeze; what it was built with is what they are.
  const weights = layer.weights as unknown as LayerVariable[];
  const born = bornTrainable(layer);
  for (const weight of weights) {
    if (seen.has(weight.val)) continue;
    seen.add(weight.val);
    const name = weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1);
    const trainable = born.has(weight);
    addVariable(found, weight.val, join(path, name), trainable);
    if (trainable && (!layer.trainable || !weight.trainable)) {
      const parameter = known.get(weight.val);
      if (parameter) parameter.requiresGrad = false;
    }
  }
}

/** The layers of a model, by names that are unique in it and the same in every process; none for a single layer. */
export function layersOf(layer: layers.layers.Layer): [name: string, layer: layers.layers.Layer][] {
  const nameOf = stableNames();
  const inner = (layer as { layers?: layers.layers.Layer[] }).layers ?? [];
  return inner.map((child) => [nameOf(child), child]);
}

/**
 * Names of a model's layers that are the same in every process. tfjs numbers unnamed layers through the whole process
 * (`dense_Dense7`); here they are numbered within their model, by class: `dense_1`, `dense_2`.
 */
function stableNames(): (layer: layers.layers.Layer) => string {
  const counts = new Map<string, number>();
  return (layer) => {
    const type = layer.getClassName();
    const snake = type
      .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase();
    const unnamed = new RegExp(`^(.*_${type}|${snake}_|${type}_?|model|sequential_?)\\d+$`).test(layer.name);
    if (!unnamed) return layer.name;
    const count = (counts.get(snake) ?? 0) + 1;
    counts.set(snake, count);
    return `${snake}_${count}`;
  };
}

function bornTrainable(layer: layers.layers.Layer): Set<LayerVariable> {
  // Wrappers (bidirectional, time-distributed) and cells keep their weights inside; `weights` lists trainable ones first.
  const own = layer as unknown as { _trainableWeights?: LayerVariable[] };
  const trainable = new Set(own._trainableWeights ?? []);
  const rest = (layer.weights as unknown as LayerVariable[]).filter((weight) => !trainable.has(weight));
  for (const weight of rest) if (weight.trainable && weight.val.trainable) trainable.add(weight);
  return trainable;
}

function unbuilt(layer: layers.layers.Layer, path: string): ContractError {
  return new ContractError(
    StrobeError.compose(`The layer ${path} (${layer.getClassName()}) has no weights yet.`, {
      expected: 'a built layer: one that knows the shape of its input',
      received: 'a layer that builds itself at its first call',
      hint:
        'give its first layer an inputShape, wrap it in tf.sequential({ layers: [...] }) that has one, call ' +
        `layer.build(shape), or set exampleInput on the module so that it can be built before training`,
    }),
  );
}

/** True if some layer below the module is not built yet. */
export function hasUnbuiltLayers(module: object): boolean {
  try {
    walk(module);
    return false;
  } catch (error) {
    if (error instanceof ContractError) return true;
    throw error;
  }
}
