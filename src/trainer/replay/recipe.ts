import * as tf from '@tensorflow/tfjs-core';
import type { RecordedStep } from '../../backend/steps.js';
import type { LogOptions } from '../../module/metrics.js';
import type { Parameter } from '../../module/parameter.js';
import type { Update } from '../../optim/optimizer.js';
import { isPlainRecord, tensorsIn } from '../../tensors/tree.js';
import type { Session } from '../session.js';

/** Where an input of a recorded step comes from. */
export type Source =
  | { from: 'variable'; variable: tf.Variable }
  | { from: 'batch'; index: number }
  | { from: 'slot'; update: number; name: string }
  | { from: 'scalars'; calls: readonly { update: number; numbersFor: (attrs: object) => readonly number[] | null }[] }
  /** The same numbers in every step: a mask that the module keeps, or a tensor that the step makes anew. */
  | { from: 'constant'; dataId: tf.DataId; numbers: ArrayLike<number> };

/** Which result something is, and in which shape it is seen. */
export interface Result {
  result: number;
  shape: number[];
}

/** A call of `log` in the step: a number that is always the same, or one of the results. */
export interface Logged {
  name: string;
  value: number | Result;
  options: LogOptions;
}

/** Everything a step did, in terms of where its inputs come from and what its results are. */
export interface Recipe {
  step: RecordedStep;
  sources: Source[];
  updates: { parameter: Parameter; value: Result; slots: Record<string, Result> }[];
  gradients: { parameter: Parameter; gradient: Result }[];
  assigned: { variable: tf.Variable; value: Result }[];
  logs: Logged[];
  /** What `trainingStep` returned, with results in place of its tensors. */
  outputs: unknown;
  /** What tells whether the gradients are finite, where they are guarded. */
  check: Result | undefined;
  /** The gradients as they were before clipping, kept until that is known. */
  unclipped: Result[];
}

/** Stands for a tensor in what a step returned. */
export class Placeholder implements Result {
  constructor(
    readonly result: number,
    readonly shape: number[],
  ) {}
}

/** What is known of a step when it has been recorded and computed, and before it is taken over. */
export interface Evidence {
  step: RecordedStep;
  updates: readonly Update[];
  /** Every variable there is, and the values it had when the step began. */
  before: ReadonlyMap<tf.Variable, tf.DataId>;
  batch: readonly tf.Tensor[];
  logs: readonly { name: string; value: number | tf.Tensor; options: LogOptions }[];
}

/** Works out what the step did; undefined where something in it is neither one nor the other. */
export function recipeOf(s: Session, evidence: Evidence): Recipe | undefined {
  const { step, updates, logs } = evidence;
  const { guarded } = s.hands;
  const indexOf = new Map(step.results.map((dataId, i) => [dataId, i]));
  const claimed = new Set<number>();
  let complete = true;
  const find = ({ dataId, shape }: tf.Tensor): Result => {
    const result = indexOf.get(dataId);
    if (result === undefined) complete = false;
    else claimed.add(result);
    return { result: result ?? -1, shape };
  };
  const outputs = templateOf(s.hands.outputs, (tensor) => {
    const { result, shape } = find(tensor);
    return new Placeholder(result, shape);
  });
  if (outputs === undefined) return undefined;
  const recipe: Recipe = {
    step,
    sources: [],
    updates: updates.map(({ parameter, value, slots }) => ({
      parameter,
      value: find(value),
      slots: Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, find(slot)])),
    })),
    gradients: s.parameters.flatMap((parameter) =>
      parameter.grad ? [{ parameter, gradient: find(parameter.grad) }] : [],
    ),
    assigned: [...evidence.before].flatMap(([variable, dataId]) =>
      variable.dataId === dataId ? [] : [{ variable, value: find(variable as tf.Tensor) }],
    ),
    logs: logs.map(({ name, value, options }) => ({
      name,
      value: typeof value === 'number' ? value : find(value),
      options: { ...options },
    })),
    outputs: outputs.template,
    check: guarded && find(guarded.check),
    unclipped: guarded ? [...guarded.unclipped.values()].map(find) : [],
  };
  for (let i = 0; i < step.inputs.length; i++) {
    const source = sourceOf(evidence, i);
    if (!source) return undefined;
    recipe.sources.push(source);
  }
  // A result that nobody here knows is in the hands of the user's code.
  return complete && claimed.size === step.results.length ? recipe : undefined;
}

/** Where an input came from; undefined if it might have been one thing or another, which may differ next time. */
function sourceOf({ step, updates, before, batch }: Evidence, input: number): Source | undefined {
  const dataId = step.inputs[input] as tf.DataId;
  const candidates: Source[] = [];
  batch.forEach((tensor, index) => tensor.dataId === dataId && candidates.push({ from: 'batch', index }));
  for (const [variable, held] of before) if (held === dataId) candidates.push({ from: 'variable', variable });
  updates.forEach(({ from }, update) => {
    for (const [name, slot] of Object.entries(from))
      if (slot?.dataId === dataId) candidates.push({ from: 'slot', update, name });
  });
  if (candidates.length > 0) return candidates.length === 1 ? candidates[0] : undefined;
  const calls = step.scalars
    .filter((call) => call.input === input)
    .map(({ attrs, numbersFor }) => ({ update: updates.findIndex(({ scalars }) => scalars === attrs), numbersFor }));
  if (calls.length > 0 && calls.every(({ update }) => update >= 0)) return { from: 'scalars', calls };
  return { from: 'constant', dataId, numbers: step.valuesOf(input) };
}

/** What was returned, with something else in place of its tensors; undefined where it holds more than plain values. */
function templateOf(outputs: unknown, replace: (tensor: tf.Tensor) => Placeholder): { template: unknown } | undefined {
  let plain = true;
  const walk = (value: unknown): unknown => {
    if (value instanceof tf.Tensor) return replace(value);
    if (Array.isArray(value)) return value.map(walk);
    if (isPlainRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
    if (typeof value === 'object' || typeof value === 'function') plain &&= value === null;
    return value;
  };
  const template = walk(outputs);
  return plain ? { template } : undefined;
}

/** What a template stands for, with tensors. */
export function fill(template: unknown, tensorFor: (result: Result) => tf.Tensor): unknown {
  if (template instanceof Placeholder) return tensorFor(template);
  if (Array.isArray(template)) return template.map((item) => fill(item, tensorFor));
  if (isPlainRecord(template)) {
    return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, fill(item, tensorFor)]));
  }
  return template;
}

/**
 * What a later step has to have in common with this one to be the same computation on other numbers. Inputs that were
 * neither the run's nor the batch's must have had the same values.
 */
export function sameRecipe(a: Recipe, b: Recipe): boolean {
  return a.step.computation === b.step.computation && same(summary(a), summary(b));
}

function summary({ sources, step: _, ...results }: Recipe): unknown[] {
  return [sources.map(essence), { ...results }];
}

function essence(source: Source): object {
  if (source.from === 'scalars') return { from: source.from, calls: source.calls.map(({ update }) => update) };
  if (source.from === 'constant') return { from: source.from, numbers: source.numbers };
  return source;
}

/** Equal plain data; anything else must be the same object. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isList(a)) return isList(b) && a.length === b.length && Array.from(a).every((item, i) => same(item, b[i]));
  if (a instanceof Placeholder) {
    return b instanceof Placeholder && a.result === b.result && same(a.shape, b.shape);
  }
  if (!isPlainRecord(a) || !isPlainRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Shapes and types of a batch's tensors; undefined where a step could see other values in it. */
export function signatureOf(batch: unknown): string | undefined {
  const tensors = tensorsIn(batch);
  let plain = true;
  const walk = (value: unknown): unknown => {
    if (value instanceof tf.Tensor) return [value.dtype, ...value.shape];
    if (Array.isArray(value)) return value.map(walk);
    if (isPlainRecord(value)) return Object.entries(value).map(([key, item]) => [key, walk(item)]);
    plain = false;
    return null;
  };
  const text = JSON.stringify(walk(batch));
  return plain && tensors.every(({ dtype }) => dtype !== 'string') ? text : undefined;
}
