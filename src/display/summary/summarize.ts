import type * as tf from '@tensorflow/tfjs-core';
import { Module } from '../../module/module.js';
import type { Parameter } from '../../module/parameter.js';
import { layersOf, walk } from '../../module/walk.js';
import type { Summary, SummaryRow } from './layout.js';
import { measure, type Part, type Passage } from './measure.js';

interface Found {
  name: string;
  depth: number;
  part: Part;
}

/** What summaryOf takes. */
export interface SummaryOptions {
  /** How many levels to show: 1 the direct children, 0 none, -1 all. Default 1. */
  maxDepth?: number;
  /** False leaves out what only a forward pass tells: sizes and operations. Default: whether there is an `exampleInput`. */
  measured?: boolean;
}

/** Counts what a module is made of; with an `exampleInput` also what passes through it. */
export function summaryOf(module: Module, options: SummaryOptions = {}): Summary {
  const { maxDepth = 1, measured: sized = module.exampleInput !== undefined } = options;
  const { parameters } = walk(module);
  const parts = partsOf(module);
  const distinct = parts.map(({ part }) => part);
  const { passages, flops } = sized ? measure(module, distinct) : { passages: new Map<Part, Passage>(), flops: 0 };
  const rows = parts
    .filter(({ depth }) => maxDepth === -1 || depth <= maxDepth)
    .map((found) => rowOf(found, module, passages));
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
    flops,
  };
}

/** Modules and layers below a module, parents before children. */
function partsOf(module: Module): Found[] {
  const found: Found[] = [];
  const visit = (part: Part, name: string, depth: number): void => {
    found.push({ name, depth, part });
    const children: Iterable<[string, Part]> = part instanceof Module ? part.children() : layersOf(part);
    for (const [key, child] of children) visit(child, `${name}.${key}`, depth + 1);
  };
  for (const [key, child] of module.children()) visit(child, key, 1);
  return found;
}

function rowOf({ name, part }: Found, root: Module, passages: Map<Part, Passage>): SummaryRow {
  const params = sizeOf([...variablesIn(part)].map((variable) => ({ size: variable.size })));
  const { flops = 0, ...sizes } = passages.get(part) ?? {};
  return { name, type: typeOf(part), params, mode: modeOf(part, root), flops, ...sizes };
}

function typeOf(part: Part): string {
  return part instanceof Module ? part.constructor.name : part.getClassName();
}

/** A layer has no mode of its own: it is called in that of the module that holds it. */
function modeOf(part: Part, root: Module): 'train' | 'eval' {
  if (part instanceof Module) return part.training ? 'train' : 'eval';
  return root.training && part.trainable ? 'train' : 'eval';
}

/** Trainable variables of a part; buffers do not count as parameters. */
function variablesIn(part: Part): Set<tf.Variable> {
  const { parameters } = part instanceof Module ? walk(part) : walk({ part });
  return new Set(parameters.map(({ variable }) => variable));
}

function sizeOf(parameters: readonly Pick<Parameter, 'size'>[]): number {
  return parameters.reduce((sum, { size }) => sum + size, 0);
}
