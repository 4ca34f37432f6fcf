import type * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { Module } from '../../module/module.js';
import type { Parameter } from '../../module/parameter.js';
import { layersOf, walk } from '../../module/walk.js';
import type { Summary, SummaryRow } from './layout.js';

interface Found {
  name: string;
  depth: number;
  part: Module | layers.layers.Layer;
}

/**
 * Counts what a module is made of.
 *
 * @param options.maxDepth how many levels to show: 1 the direct children, 0 none, -1 all
 */
export function summaryOf(module: Module, { maxDepth = 1 }: { maxDepth?: number } = {}): Summary {
  const { parameters } = walk(module);
  const parts = partsOf(module);
  const sized = module.exampleInput !== undefined;
  const batch = sized ? firstOf(module.exampleInput).shape[0] : undefined;
  const rows = parts
    .filter(({ depth }) => maxDepth === -1 || depth <= maxDepth)
    .map((found) => rowOf(found, module, batch));
  const covered = new Set(parts.flatMap(({ part }) => [...variablesIn(part)]));
  const outside = parameters.filter(({ variable }) => maxDepth === 0 || !covered.has(variable));
  if (outside.length > 0) rows.push({ name: 'other params', type: 'n/a', params: sizeOf(outside) });
  const inTrain = parts.filter(({ part }) => modeOf(part, module) === 'train').length;
  return {
    rows,
    sized,
    trainable: sizeOf(parameters.filter(({ requiresGrad }) => requiresGrad)),
    nonTrainable: sizeOf(parameters.filter(({ requiresGrad }) => !requiresGrad)),
    modulesInTrain: inTrain,
    modulesInEval: parts.length - inTrain,
    flops: sized ? parts.reduce((sum, { part }) => sum + ownFlops(part, batch ?? 1), 0) : 0,
  };
}

/** Modules and layers below a module, parents before children. */
function partsOf(module: Module): Found[] {
  const found: Found[] = [];
  const visit = (part: Module | layers.layers.Layer, name: string, depth: number): void => {
    found.push({ name, depth, part });
    const children: Iterable<[string, Module | layers.layers.Layer]> =
      part instanceof Module ? part.children() : layersOf(part);
    for (const [key, child] of children) visit(child, `${name}.${key}`, depth + 1);
  };
  for (const [key, child] of module.children()) visit(child, key, 1);
  return found;
}

function rowOf({ name, part }: Found, root: Module, batch: number | undefined): SummaryRow {
  const params = sizeOf([...variablesIn(part)].map((variable) => ({ size: variable.size })));
  const row: SummaryRow = {
    name,
    type: typeOf(part),
    params,
    mode: modeOf(part, root),
    flops: batch === undefined ? 0 : flopsOf(part, batch),
  };
  if (batch === undefined || part instanceof Module) return row;
  return { ...row, inSizes: sizes(inputShape(part), batch), outSizes: sizes(part.outputShape, batch) };
}

function typeOf(part: Module | layers.layers.Layer): string {
  return part instanceof Module ? part.constructor.name : part.getClassName();
}

/** A layer has no mode of its own: it is called in that of the module that holds it. */
function modeOf(part: Module | layers.layers.Layer, root: Module): 'train' | 'eval' {
  if (part instanceof Module) return part.training ? 'train' : 'eval';
  return root.training && part.trainable ? 'train' : 'eval';
}

/** Trainable variables of a part; buffers do not count as parameters. */
function variablesIn(part: Module | layers.layers.Layer): Set<tf.Variable> {
  const { parameters } = part instanceof Module ? walk(part) : walk({ part });
  return new Set(parameters.map(({ variable }) => variable));
}

function sizeOf(parameters: readonly Pick<Parameter, 'size'>[]): number {
  return parameters.reduce((sum, { size }) => sum + size, 0);
}

function inputShape({ input }: layers.layers.Layer): layers.Shape | layers.Shape[] {
  return Array.isArray(input) ? input.map(({ shape }) => shape) : input.shape;
}

function sizes(shape: layers.Shape | layers.Shape[], batch: number): string {
  if (Array.isArray(shape[0])) return (shape as layers.Shape[]).map((one) => sizes(one, batch)).join(', ');
  return `[${(shape as layers.Shape).map((size) => size ?? batch).join(', ')}]`;
}

function flopsOf(part: Module | layers.layers.Layer, batch: number): number {
  const children = part instanceof Module ? [...part.children()] : layersOf(part);
  return ownFlops(part, batch) + children.reduce((sum, [, child]) => sum + flopsOf(child, batch), 0);
}

/**
 * Two for each multiply-and-add of the layer's kernel, as PyTorch counts: a dense kernel is applied once for each row
 * of its input, a convolution's once for each pixel of its output.
 */
function ownFlops(part: Module | layers.layers.Layer, batch: number): number {
  if (part instanceof Module || !/^(Dense|(Depthwise|Separable)?Conv\dD)$/.test(part.getClassName())) return 0;
  const output = part.outputShape as layers.Shape;
  const places = output.slice(1, -1).reduce<number>((product, size) => product * (size ?? 1), batch);
  const kernels = part.weights.filter(({ name }) => name.endsWith('kernel'));
  return kernels.reduce(
    (sum, { shape }) => sum + 2 * places * shape.reduce<number>((product, size) => product * (size ?? 1), 1),
    0,
  );
}

function firstOf(example: Module['exampleInput']): tf.Tensor {
  return (Array.isArray(example) ? example[0] : example) as tf.Tensor;
}
