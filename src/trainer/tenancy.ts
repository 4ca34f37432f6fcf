import type * as tf from '@tensorflow/tfjs-core';
import type { Module } from '../module/module.js';
import { plainFields, restoreFields } from '../tensors/plain.js';
import { disposeAll, tensorsIn } from '../tensors/tree.js';
import { loadIntoCallbacks } from './restore.js';
import { callbackStates } from './state.js';
import type { Session } from './session.js';

/**
 * Several runs may share one module and its callbacks: layers cannot be copied faithfully, so runs are states over them.
 * The run that executes or is looked at has its own in place; the others' are put aside. Only references are swapped.
 */
interface Parked {
  weights: Record<string, tf.Tensor>;
  gradients: Record<string, tf.Tensor>;
  frozen: Set<string>;
  modes: boolean[];
  module: Record<string, unknown>;
  callbacks: { states: Record<string, object>; fields: Map<object, Record<string, unknown>> };
}

const tenants = new WeakMap<Module, Session>();
const parked = new WeakMap<Session, Parked>();

/** Puts a session's weights, gradients and fields in place, and those of the session that was there aside. */
export function takeOver(session: Session): void {
  const former = tenants.get(session.module);
  if (former === session) return;
  if (former) parked.set(former, park(former));
  tenants.set(session.module, session);
  session.attach();
  const own = parked.get(session);
  if (!own) return; // Its first time: it takes the module as it is.
  parked.delete(session);
  unpark(session, own);
}

/** The session is over: whoever comes next finds the module as it is. */
export function leave(session: Session): void {
  if (tenants.get(session.module) === session) tenants.delete(session.module);
  const own = parked.get(session);
  if (own) disposeAll(tensorsIn([own.weights, own.gradients, own.callbacks.states]));
  parked.delete(session);
}

function park(s: Session): Parked {
  return {
    weights: s.handlesOn([...s.parameters, ...s.buffers]),
    gradients: s.gradientHandles(),
    frozen: new Set(s.parameters.filter(({ requiresGrad }) => !requiresGrad).map(({ name }) => name)),
    modes: s.modes(),
    module: plainFields(s.module),
    callbacks: {
      states: callbackStates(s),
      fields: new Map(s.trainer.callbacks.map((callback) => [callback as object, plainFields(callback)])),
    },
  };
}

function unpark(s: Session, own: Parked): void {
  if (Object.keys(own.weights).length > 0) s.module.loadStateDict(own.weights);
  restoreFields(s.module, own.module);
  s.setModes(own.modes);
  for (const parameter of s.parameters) {
    parameter.requiresGrad = !own.frozen.has(parameter.name);
    parameter.grad = own.gradients[parameter.name] ?? null;
  }
  for (const [callback, fields] of own.callbacks.fields) restoreFields(callback, fields);
  loadIntoCallbacks(s, own.callbacks.states);
  disposeAll(tensorsIn([own.weights, own.callbacks.states]));
}
