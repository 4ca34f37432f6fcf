import type * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../module/parameter.js';
import { clonePlain, copyIfPlain, NOT_PLAIN } from '../tensors/plain.js';
import { keyed, type Callback, type CallbackList } from '../trainer/callback.js';
import { limitNames } from '../trainer/limits.js';
import type { Session } from '../trainer/session.js';
import { missingCallbacks } from './refusals.js';
import { fromValues, hasTensors, toValues } from './tensor-values.js';

/** Where a setting is, such as `['optimizers', '0', 'paramGroups', '0', 'lr']`. */
export type SettingPath = readonly string[];

/** Names and marks of an owner's settings, side by side. A mark tells whether its setting has changed. */
export interface Marks {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
}

/** The settings that one object holds. */
export interface Settings {
  readonly at: SettingPath;
  /** The object: at the next pause it is compared with itself, wherever it stands then. */
  readonly owner: object;
  marks(): Marks;
  /** A setting as plain data, for the journal. */
  read(name: string): unknown;
  /** A mark as plain data; undefined where only what is new is written down. */
  former(mark: unknown): unknown;
  write(name: string, value: unknown): void;
}

/**
 * Everything in a run that can be changed while it is paused. Asked for at every pause, so it is made of as few objects as
 * there are owners, and a mark is the value itself wherever that will do.
 */
export function settingsOf(s: Session, known: readonly Callback[] = []): Settings[] {
  const {
    trainer,
    module: { hparams },
  } = s;
  const all: Settings[] = [
    new Fields(['limits'], trainer.limits, limitNames),
    new Fields(['trainer'], trainer, ['shouldStop', 'seed']),
    new StepSettings(s),
    new CallbackOrder(trainer.callbacks, known),
    new Fields(['hparams'], hparams),
  ];
  s.optimizers.forEach(({ paramGroups }, i) =>
    paramGroups.forEach((group, j) => all.push(new Fields(['optimizers', `${i}`, 'paramGroups', `${j}`], group))),
  );
  s.schedulers.forEach(({ scheduler }, i) => all.push(new Fields(['lrSchedulers', `${i}`], scheduler)));
  for (const [key, callback] of s.keyedCallbacks()) all.push(new Fields(['callbacks', key], callback));
  for (const [path, each] of s.modules) all.push(new Fields(path === '' ? ['module'] : ['module', path], each));
  for (const parameter of s.parameters) all.push(new ParameterSettings(parameter));
  return all;
}

/** An object's own fields, as far as they are plain data. */
class Fields implements Settings {
  constructor(
    readonly at: SettingPath,
    readonly owner: object,
    readonly names?: readonly string[],
  ) {}

  marks(): Marks {
    const { owner, names = Object.keys(owner) } = this;
    // What is not data has one mark for ever.
    return { names, values: names.map((name) => copyIfPlain((owner as Record<string, unknown>)[name])) };
  }

  read(name: string): unknown {
    return clonePlain((this.owner as Record<string, unknown>)[name]);
  }

  former(mark: unknown): unknown {
    return mark === NOT_PLAIN ? undefined : mark;
  }

  write(name: string, value: unknown): void {
    (this.owner as Record<string, unknown>)[name] = clonePlain(value);
  }
}

const PARAMETER = ['requiresGrad', 'value', 'grad'];

class ParameterSettings implements Settings {
  readonly at: SettingPath;
  constructor(readonly owner: Parameter) {
    this.at = ['parameters', owner.name];
  }

  marks(): Marks {
    const { requiresGrad, variable, grad } = this.owner;
    return { names: PARAMETER, values: [requiresGrad, identity(variable), grad && identity(grad)] };
  }

  read(name: string): unknown {
    if (name === 'requiresGrad') return this.owner.requiresGrad;
    return toValues(name === 'value' ? this.owner.variable : this.owner.grad);
  }

  former(mark: unknown): unknown {
    return typeof mark === 'boolean' ? mark : undefined;
  }

  write(name: string, value: unknown): void {
    const { owner } = this;
    if (name === 'requiresGrad') owner.requiresGrad = value as boolean;
    else if (name === 'grad') owner.grad = fromValues(value) as tf.Tensor | null;
    else {
      const tensor = fromValues(value) as tf.Tensor;
      owner.assign(tensor); // The variable takes a reference of its own.
      tensor.dispose();
    }
  }
}

const identities = new WeakMap<object, symbol>();

/** A mark that two tensors share only if their values are one. A `dataId` will not do: TensorFlow's are all `{}`. */
function identity({ dataId }: tf.Tensor): symbol {
  const known = identities.get(dataId) ?? Symbol('values');
  identities.set(dataId, known);
  return known;
}

const STEP = ['lossScale', 'batch'];

/** What the step at hand lets be replaced. */
class StepSettings implements Settings {
  readonly at: SettingPath = ['step'];
  readonly owner: object;
  readonly #session: Session;
  constructor(session: Session) {
    this.owner = session;
    this.#session = session;
  }

  marks(): Marks {
    const { lossScale, batch } = this.#session.hands;
    return { names: STEP, values: [lossScale, batch] };
  }

  read(name: string): unknown {
    const { lossScale, batch } = this.#session.hands;
    return name === 'batch' ? toValues(batch) : lossScale;
  }

  former(mark: unknown): unknown {
    return hasTensors(mark) ? undefined : mark;
  }

  write(name: string, value: unknown): void {
    if (name === 'lossScale') this.#session.hands.lossScale = value as number;
    else this.#session.replaceBatch(fromValues(value));
  }
}

const ORDER = ['order'];

/** Which callbacks there are, and in which order: by key, since a callback is no data. */
class CallbackOrder implements Settings {
  readonly at: SettingPath = ['callbacks'];
  readonly owner: CallbackList;
  readonly #known: readonly Callback[];
  constructor(callbacks: CallbackList, known: readonly Callback[]) {
    this.owner = callbacks;
    this.#known = known;
  }

  marks(): Marks {
    return { names: ORDER, values: [[...this.owner]] };
  }

  read(): unknown {
    return this.owner.keyed().map(([key]) => key);
  }

  former(mark: unknown): unknown {
    return keyed(mark as Callback[]).map(([key]) => key);
  }

  write(_name: string, value: unknown): void {
    const pool = new Map(keyed([...this.owner, ...this.#known.filter((callback) => !this.owner.includes(callback))]));
    const order = (value as string[]).map((key) => pool.get(key) ?? key);
    const missing = order.filter((each) => typeof each === 'string');
    if (missing.length > 0) throw missingCallbacks(missing);
    this.owner.splice(0, this.owner.length, ...(order as Callback[]));
  }
}
