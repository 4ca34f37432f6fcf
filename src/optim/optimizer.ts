import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { ContractError, describe, StrobeError } from '../errors.js';
import type { Parameter } from '../module/parameter.js';
import type { Algorithm, Hyperparameters, Scalars } from './algorithm.js';
import { asGroups, completeGroup, nameOf, type GroupsOf, type ParamGroup, type ParamGroupOptions } from './groups.js';
import { runUpdate } from './kernel.js';
import { checkOptions } from './options.js';
import { readState, writeState, type OptimizerState, type ParameterState } from './state.js';

/**
 * Applies an {@link Algorithm} to groups of parameters, and keeps the slots it needs for each of them.
 *
 * Tensors are never written in place: a step swaps in new ones, so handles taken earlier keep the earlier values.
 */
export class Optimizer<H extends Hyperparameters = Hyperparameters> {
  /** Plain mutable objects: `group.lr = 1e-4` takes effect at the next step. */
  readonly paramGroups: ParamGroup<H>[] = [];
  /** What a group takes where it doesn't say otherwise. */
  readonly defaults: Readonly<H>;
  readonly #algorithm: Algorithm<H>;
  #state = new Map<Parameter, ParameterState>();
  /** @internal Takes every step in the trainer's name when it is the user's code that calls for it. */
  stepper: ((optimizer: Optimizer, apply: () => void) => void) | undefined;
  /** @internal Has the last word before a step's results are taken over: what it throws leaves everything as it was. */
  confirm: (() => void) | undefined;
  /** @internal Sees what a step has computed before it is taken over. */
  observer: ((updates: readonly Update[]) => void) | undefined;

  /** @throws ConfigurationError for wrong options, no parameters, or a parameter that appears twice. */
  constructor(algorithm: Algorithm<H>, params: GroupsOf<H>, options: Partial<H>) {
    this.#algorithm = algorithm;
    this.defaults = checkOptions(algorithm.name, algorithm.schema, options);
    for (const group of asGroups(algorithm.name, params)) this.addParamGroup(group);
  }

  /** The first group's learning rate. Setting it sets every group's. */
  get lr(): number {
    return (this.paramGroups[0] as ParamGroup<H>).lr;
  }

  set lr(value: number) {
    for (const group of this.paramGroups) group.lr = value;
  }

  /** The parameters of all groups, in order. */
  parameters(): Parameter[] {
    return this.paramGroups.flatMap((group) => group.params);
  }

  /** @internal What a field of a group may be, as the options are checked. */
  fieldSchema(field: string): z.ZodType | undefined {
    const { schema } = this.#algorithm;
    return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>)[field] : undefined;
  }

  /** Adds parameters while training is under way, for instance a backbone that has just been unfrozen. */
  addParamGroup(group: ParamGroupOptions<H>): void {
    this.paramGroups.push(completeGroup<H>(this.#algorithm, group, this.defaults, this.parameters()));
  }

  /**
   * Updates every parameter that has a gradient and wants one. Either all of them are updated or, on an error, none.
   *
   * @throws ContractError for a learning rate that is no number, or a gradient that doesn't fit its parameter.
   */
  step(): void {
    if (this.stepper) this.stepper(this, () => this.#apply());
    else this.#apply();
  }

  #apply(): void {
    const bases = this.paramGroups.flatMap((group) => {
      this.#checkLr(group);
      return group.params.filter(wantsUpdate).map((parameter) => ({ group, ...this.#basisOf(group, parameter) }));
    });
    const updates: Update[] = [];
    try {
      tf.tidy(() => {
        // All slots before all updates: a lazy engine takes whatever comes after an update for the beginning of the next step.
        const slots = bases.map(({ group, ...basis }) => this.#slotsFor(group, basis));
        bases.forEach(({ group: _, ...basis }, i) => updates.push(this.#computeUpdate(basis, slots[i] ?? {})));
      });
      this.observer?.(updates);
      this.confirm?.();
    } catch (error) {
      for (const { value, slots } of updates) tf.dispose([value, slots]);
      throw error;
    }
    this.takeOver(updates);
  }

  /**
   * @internal What a step would update these parameters from, if just they had gradients: for whoever computes the step
   * elsewhere. Undefined if it would update others, or could not be taken.
   */
  prepare(parameters: readonly Parameter[]): UpdateBasis[] | undefined {
    const bases: UpdateBasis[] = [];
    for (const group of this.paramGroups) {
      if (!Number.isFinite(group.lr)) return undefined;
      for (const parameter of group.params) {
        if (parameter !== parameters[bases.length]) continue;
        const basis = this.#basisOf(group, parameter);
        if (basis.fresh || !parameter.requiresGrad) return undefined;
        bases.push(basis);
      }
    }
    return bases.length === parameters.length ? bases : undefined;
  }

  /** @internal Makes the results of a step the parameters' and the slots' values. */
  takeOver(updates: readonly Update[]): void {
    for (const update of updates) this.#takeOver(update);
  }

  /** Disposes the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /**
   * Plain data and tensors. The tensors are shared handles, not copies: later steps leave them as they are.
   * They are the caller's to dispose.
   */
  stateDict(): OptimizerState {
    return writeState(this.paramGroups, this.#state);
  }

  /**
   * Goes on from a state exactly: the next steps are bit-identical to those the state's owner would have taken.
   * The state's tensors are shared, and stay the caller's.
   *
   * @throws CheckpointError if the state is not one of this optimizer over these parameters; nothing is changed then.
   */
  loadStateDict(state: OptimizerState): void {
    const { slots, groups } = readState(this.#algorithm, this.paramGroups, state);
    this.dispose();
    this.#state = slots;
    this.paramGroups.forEach((group, i) => {
      for (const key of Object.keys(group)) if (key !== 'params') delete group[key as keyof typeof group];
      Object.assign(group, groups[i]);
    });
  }

  /** Disposes the slots. The parameters stay; a further step would start from fresh slots. */
  dispose(): void {
    for (const { slots } of this.#state.values()) tf.dispose(slots);
    this.#state = new Map();
  }

  #basisOf(group: ParamGroup<H>, parameter: Parameter): UpdateBasis {
    const names = this.#algorithm.slots(group);
    const { step, slots } = this.#state.get(parameter) ?? { step: 0, slots: {} };
    const fresh = names.some((name) => !slots[name]);
    return {
      parameter,
      step: step + 1,
      from: Object.fromEntries(names.map((name) => [name, slots[name]])),
      fresh,
      scalars: this.#algorithm.scalars(group, step + 1, fresh),
    };
  }

  /** The slots that a step begins with. */
  #slotsFor(group: ParamGroup<H>, { parameter, from }: UpdateBasis): Record<string, tf.Tensor> {
    const initial = (): tf.Tensor => tf.fill(parameter.shape, this.#algorithm.initialSlotValue?.(group) ?? 0);
    return Object.fromEntries(Object.entries(from).map(([name, slot]) => [name, slot ?? initial()]));
  }

  #computeUpdate(basis: UpdateBasis, slots: Record<string, tf.Tensor>): Update {
    const { parameter, scalars } = basis;
    const inputs = { param: parameter.variable, grad: parameter.grad as tf.Tensor, ...slots };
    const [value, ...next] = tf.tidy(() =>
      runUpdate(this.#algorithm, inputs, scalars).map((tensor) => tf.keep(tensor)),
    ) as [tf.Tensor, ...tf.Tensor[]];
    const names = Object.keys(slots);
    return { ...basis, value, slots: Object.fromEntries(names.map((name, i) => [name, next[i] as tf.Tensor])) };
  }

  #takeOver({ parameter, value, step, slots }: Update): void {
    parameter.assign(value);
    value.dispose();
    const former = this.#state.get(parameter)?.slots ?? {};
    for (const name in slots) former[name]?.dispose();
    this.#state.set(parameter, { step, slots: { ...former, ...slots } });
  }

  #checkLr(group: ParamGroup<H>): void {
    if (Number.isFinite(group.lr)) return;
    throw new ContractError(
      StrobeError.compose(`${this.#algorithm.name} cannot take a step`, {
        expected: "every group's lr to be a number",
        received: `lr = ${describe(group.lr)} in group ${group.name ?? this.paramGroups.indexOf(group)}`,
        hint: 'look for what sets the learning rate: a scheduler, a callback, or the group itself.',
      }),
    );
  }
}

/** What a step updates one parameter from, besides its value and its gradient. */
export interface UpdateBasis {
  parameter: Parameter;
  /** The number of this step, from 1. */
  step: number;
  /** The slots as the last step left them; undefined where it is the first. */
  from: Record<string, tf.Tensor | undefined>;
  fresh: boolean;
  scalars: Scalars;
}

/** What a step makes of one parameter, before anybody sees it. */
export interface Update extends UpdateBasis, ParameterState {
  value: tf.Tensor;
}

function wantsUpdate(parameter: Parameter): boolean {
  const { grad } = parameter;
  if (!parameter.requiresGrad || grad === null) return false;
  if (!grad.isDisposed && grad.dtype === 'float32' && tf.util.arraysEqual(grad.shape, parameter.shape)) return true;
  throw new ContractError(
    StrobeError.compose(`the gradient of ${nameOf(parameter)} does not fit`, {
      expected: `a float32 tensor of shape [${parameter.shape.join(', ')}]`,
      received: grad.isDisposed ? 'a disposed tensor' : describe(grad),
      hint: 'a hook that replaces a gradient must keep its shape and dtype, and leave it alive.',
    }),
  );
}
