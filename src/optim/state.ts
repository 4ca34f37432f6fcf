import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, describe, StrobeError } from '../errors.js';
import type { Parameter } from '../module/parameter.js';
import { clonePlain } from '../tensors/plain.js';
import { retain } from '../tensors/share.js';
import { isPlainRecord } from '../tensors/tree.js';
import type { Algorithm, Hyperparameters } from './algorithm.js';
import { splitGroup, type ParamGroup } from './groups.js';
import { checkOptions } from './options.js';

/** What an optimizer keeps for one parameter. */
export interface ParameterState {
  /** Updates so far. */
  step: number;
  slots: Record<string, tf.Tensor>;
}

/** A group's hyperparameters, and its parameters by name. */
export interface GroupState {
  /** Names of the parameters. */
  params: string[];
  /** Step size. */
  lr: number;
  [hyperparameter: string]: unknown;
}

/** Everything an optimizer needs to go on: JSON, but for the slots' tensors. */
export interface OptimizerState {
  /** Slots and the number of updates, by parameter name. */
  state: Record<string, Record<string, number | tf.Tensor>>;
  /** The groups, in their order. */
  paramGroups: GroupState[];
}

export function writeState(groups: ParamGroup[], states: ReadonlyMap<Parameter, ParameterState>): OptimizerState {
  const names = uniqueNames(groups);
  const state: OptimizerState['state'] = {};
  for (const [parameter, name] of names) {
    const own = states.get(parameter);
    if (!own) continue;
    const entry: Record<string, number | tf.Tensor> = (state[name] = { step: own.step });
    for (const slot in own.slots) entry[slot] = retain(own.slots[slot] as tf.Tensor);
  }
  const paramGroups = groups.map(({ params, ...rest }): GroupState => ({
    ...clonePlain(rest),
    params: params.map((parameter) => names.get(parameter) as string),
  }));
  return { state, paramGroups };
}

/** The checked content of a state: new handles on its slots, and each group's fields but its parameters. */
export function readState<H extends Hyperparameters>(
  algorithm: Algorithm<H>,
  groups: ParamGroup<H>[],
  saved: OptimizerState,
) {
  if (!hasForm(saved)) throw misfit(algorithm.name, 'what stateDict() gives: { state, paramGroups }', describe(saved));
  const { state, paramGroups } = saved;
  const names = uniqueNames(groups);
  if (paramGroups.length !== groups.length) {
    throw misfit(algorithm.name, `${groups.length} parameter group(s)`, `${paramGroups.length}`);
  }
  const loaded = groups.map((group, i) => {
    const saved = paramGroups[i] as GroupState;
    const expected = group.params.map((parameter) => names.get(parameter) as string);
    checkNames(`${algorithm.name}, parameter group ${group.name ?? i}`, expected, saved.params);
    const { own, hyperparameters } = splitGroup<Hyperparameters>({ ...clonePlain(saved), params: [] });
    return { ...checkHyperparameters(algorithm, hyperparameters), ...own };
  });
  const byName = new Map([...names].map(([parameter, name]) => [name, parameter]));
  const unknown = Object.keys(state).find((name) => !byName.has(name));
  if (unknown !== undefined) throw misfit(algorithm.name, `state of ${[...byName.keys()].join(', ')}`, unknown);
  for (const [name, own] of Object.entries(state)) checkSlots(algorithm, name, byName.get(name) as Parameter, own);
  // Handles are taken only when nothing can fail any more.
  const slots = new Map(
    Object.entries(state).map(([name, { step, ...tensors }]) => [
      byName.get(name) as Parameter,
      { step: step as number, slots: mapValues(tensors as Record<string, tf.Tensor>, retain) },
    ]),
  );
  return { slots, groups: loaded };
}

/** What a state is looked into for; whether it fits is another matter. */
function hasForm(saved: unknown): boolean {
  const { state, paramGroups } = (saved ?? {}) as Partial<OptimizerState>;
  return isPlainRecord(state) && Array.isArray(paramGroups) && paramGroups.every((group) => Array.isArray(group?.params)); // prettier-ignore
}

function checkHyperparameters<H extends Hyperparameters>(algorithm: Algorithm<H>, hyperparameters: object): H {
  try {
    return checkOptions(algorithm.name, algorithm.schema, hyperparameters);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw misfit(algorithm.name, `hyperparameters of ${algorithm.name}`, reason, { cause });
  }
}

function checkNames(owner: string, expected: string[], received: string[]): void {
  if (expected.length === received.length && expected.every((name, i) => name === received[i])) return;
  const missing = expected.filter((name) => !received.includes(name));
  const surplus = received.filter((name) => !expected.includes(name));
  const difference = [
    ...(missing.length ? [`without ${missing.join(', ')}`] : []),
    ...(surplus.length ? [`with ${surplus.join(', ')}`] : []),
  ];
  throw misfit(owner, expected.join(', '), difference.join(', ') || `another order: ${received.join(', ')}`);
}

function checkSlots<H extends Hyperparameters>(
  algorithm: Algorithm<H>,
  name: string,
  parameter: Parameter,
  { step, ...slots }: Record<string, number | tf.Tensor>,
): void {
  const owner = `${algorithm.name}, state of ${name}`;
  if (!Number.isInteger(step) || (step as number) < 0) throw misfit(owner, 'step, a whole number', describe(step));
  const required = algorithm.slots(checkOptions(algorithm.name, algorithm.schema, {}));
  const missing = required.find((slot) => !slots[slot]);
  if (missing) throw misfit(owner, `the slot ${missing}`, Object.keys(slots).join(', ') || 'no slots');
  for (const [slot, tensor] of Object.entries(slots)) {
    const fits =
      tensor instanceof tf.Tensor &&
      !tensor.isDisposed &&
      tensor.dtype === 'float32' &&
      tf.util.arraysEqual(tensor.shape, parameter.shape);
    if (!fits) {
      const wanted = `${slot}, a float32 tensor of shape [${parameter.shape.join(', ')}]`;
      throw misfit(
        owner,
        wanted,
        tensor instanceof tf.Tensor && tensor.isDisposed ? 'a disposed tensor' : describe(tensor),
      );
    }
  }
}

/**
 * Names to file states under. A module gives its parameters distinct names; those that no module has found, or that come
 * from two modules, are told apart by their order.
 */
function uniqueNames(groups: ParamGroup[]): Map<Parameter, string> {
  const uses = new Map<string, number>();
  const names = new Map<Parameter, string>();
  for (const { params } of groups) {
    for (const parameter of params) {
      const name = parameter.name || 'parameter';
      const use = (uses.get(name) ?? 0) + 1;
      uses.set(name, use);
      names.set(parameter, use === 1 ? name : `${name}#${use}`);
    }
  }
  return names;
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function misfit(owner: string, expected: string, received: string, options?: ErrorOptions): CheckpointError {
  return new CheckpointError(
    StrobeError.compose(`${owner}: the saved state does not fit`, {
      expected,
      received,
      hint: 'load it into an optimizer of the same kind, made over the same parameters in the same groups.',
    }),
    options,
  );
}
