import * as tf from '@tensorflow/tfjs-core';
import type { Update, UpdateBasis } from '../../optim/optimizer.js';
import { engine } from '../../tensors/engine.js';
import { retain, share } from '../../tensors/share.js';
import { disposeAll, tensorsIn } from '../../tensors/tree.js';
import { areFinite } from '../phases/guard.js';
import type { Session } from '../session.js';
import { fill, same, type Recipe, type Result, type Source } from './recipe.js';

/** What a replayed step has computed and the phases that follow have still to hand out. */
export interface Replayed {
  gradients: { parameter: { grad: tf.Tensor | null }; gradient: tf.Tensor }[];
  updates: Update[];
}

/** What a known step is computed from this time. */
export interface Basis {
  bases: readonly UpdateBasis[];
  inputs: readonly (tf.DataId | ArrayLike<number>)[];
}

/** What the step would be computed from on the batch at hand; undefined if it would be another. */
export function basisOf(s: Session, recipe: Recipe): Basis | undefined {
  const bases = s.optimizers[0]?.prepare(recipe.updates.map(({ parameter }) => parameter));
  if (!bases || !sameGradients(s, recipe)) return undefined;
  const batch = tensorsIn(s.hands.batch);
  const inputs: (tf.DataId | ArrayLike<number>)[] = [];
  for (const source of recipe.sources) {
    const input = inputFor(source, batch, bases);
    if (input === undefined) return undefined;
    inputs.push(input);
  }
  return { bases, inputs };
}

/**
 * Whether groups of different numbers happen to have the same ones this time: recorded, they are one list, and the step is
 * another computation.
 */
export function coincides({ sources }: Recipe, { inputs }: Basis): boolean {
  const lists = inputs.filter((_, i) => sources[i]?.from === 'scalars');
  return lists.some((list, i) => lists.slice(0, i).some((other) => same(list, other)));
}

/** Computes the step; undefined if it cannot, or must not be taken: then it is done over, for everybody to see. */
export function again({ step, check }: Recipe, { inputs }: Basis): tf.Tensor[] | undefined {
  const { backend } = engine();
  const made = step.again(inputs)?.map((info) => tf.keep(engine().makeTensorFromTensorInfo(info, backend)));
  if (!made || !check || areFinite(made[check.result] as tf.Tensor)) return made;
  disposeAll(made);
  return undefined;
}

/** Gives the results to whom the recorded step gave them. */
export function handOut(s: Session, recipe: Recipe, { bases }: Basis, made: readonly tf.Tensor[]): Replayed {
  const spare = new Set(made);
  const view = ({ result, shape }: Result): tf.Tensor => {
    const tensor = made[result] as tf.Tensor;
    if (!tf.util.arraysEqual(tensor.shape, shape)) return tf.keep(share(tensor, shape));
    return spare.delete(tensor) ? tensor : retain(tensor);
  };
  for (const { variable, value } of recipe.assigned) {
    const tensor = view(value);
    variable.assign(tensor);
    tensor.dispose();
  }
  s.hands.outputs = fill(recipe.outputs, view);
  s.hands.outputTensors = tensorsIn(s.hands.outputs);
  s.hands.loss = (s.hands.outputs as { loss?: tf.Scalar }).loss;
  for (const { name, value, options } of recipe.logs) {
    const tensor = typeof value === 'number' ? undefined : view(value);
    s.at('trainingStep', () => s.log(name, tensor ?? (value as number), options));
    tensor?.dispose();
  }
  const replayed = {
    gradients: recipe.gradients.map(({ parameter, gradient }) => ({ parameter, gradient: view(gradient) })),
    updates: recipe.updates.map(({ value, slots }, i) => ({
      ...(bases[i] as UpdateBasis),
      value: view(value),
      slots: Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, view(slot)])),
    })),
  };
  disposeAll(spare);
  return replayed;
}

/** Gradients go to the parameters that had them, which must be those that want them now. */
function sameGradients(s: Session, { gradients }: Recipe): boolean {
  let i = 0;
  for (const parameter of s.parameters) {
    if (gradients[i]?.parameter === parameter) {
      if (!parameter.requiresGrad) return false;
      i += 1;
    }
  }
  return i === gradients.length;
}

function inputFor(
  source: Source,
  batch: readonly tf.Tensor[],
  bases: readonly UpdateBasis[],
): tf.DataId | ArrayLike<number> | undefined {
  switch (source.from) {
    case 'variable':
      return source.variable.dataId;
    case 'batch':
      return batch[source.index]?.dataId;
    case 'slot':
      return bases[source.update]?.from[source.name]?.dataId;
    case 'constant':
      return source.numbers;
    case 'scalars': {
      const [first, ...others] = source.calls.map(({ update, numbersFor }) =>
        numbersFor((bases[update] as UpdateBasis).scalars),
      );
      const alike = others.every((numbers) => numbers?.every((n, i) => Object.is(n, first?.[i])));
      return alike ? (first ?? undefined) : undefined;
    }
  }
}

/** Lets go of what a replayed step has computed and nobody took. */
export function disposeReplayed({ gradients, updates }: Replayed): void {
  disposeAll(gradients.map(({ gradient }) => gradient));
  for (const { value, slots } of updates) disposeAll([value, ...Object.values(slots)]);
}
