import * as tf from '@tensorflow/tfjs-core';
import { stepEngine, type RecordedStep, type StepWatch } from '../../backend/steps.js';
import type { LogOptions } from '../../module/metrics.js';
import { Optimizer, type Update, type UpdateBasis } from '../../optim/optimizer.js';
import { engine } from '../../tensors/engine.js';
import { retain, share } from '../../tensors/share.js';
import { disposeAll, tensorsIn } from '../../tensors/tree.js';
import type { Session } from '../session.js';
import { fieldsOf, sameFields } from './fields.js';
import { MIDDLE } from './middle.js';
import { impurityOf } from './purity.js';
import { isFinite } from '../phases/guard.js';
import { fill, recipeOf, sameRecipe, signatureOf, type Recipe, type Result, type Source } from './recipe.js';

/** Equal steps in a row before the next is computed without being recorded. */
const SIGHTINGS = 3;
/** Every so many steps one is recorded all the same, and compared with what it is taken for. */
const AUDIT_EVERY = 64;
/** Steps of different kinds (shapes, modes) remembered at a time. */
const MOST_KINDS = 16;
/** Kinds of steps that never came out alike before it is given up. */
const MOST_FAILURES = 8;

const OVERRIDES = ['optimizerStep', 'optimizerZeroGrad', 'configureGradientClipping'] as const;

/** What a replayed step has computed and the phases that follow have still to hand out. */
export interface Replayed {
  gradients: { parameter: { grad: tf.Tensor | null }; gradient: tf.Tensor }[];
  updates: Update[];
}

/** Steps of one kind: with these shapes, and these values in the module's fields. */
interface Kind {
  fields: readonly unknown[];
  recipe: Recipe | undefined;
  sightings: number;
  failures: number;
  replayed: number;
}

/** A step that is being watched while it is recorded and computed as ever. */
interface Watched {
  key: string;
  fields: readonly unknown[];
  watch: StepWatch;
  before: Map<tf.Variable, tf.DataId>;
  batch: tf.Tensor[];
  logs: { name: string; value: number | tf.Tensor; options: LogOptions }[];
  stepping: boolean;
  updates: readonly Update[] | undefined;
  recipe: Recipe | undefined;
  computations: number;
  /** What it would have been taken for. */
  expected: Recipe | undefined;
}

/**
 * Recorded steps, done again without calling user code: after a few steps that were the same computation, an engine that
 * computes whole steps at once is given the next batch at once. Whatever the trace would have found is found, bit for
 * bit, or the step is recorded as ever.
 */
export class Replay {
  readonly #session: Session;
  readonly #kinds = new Map<string, Kind>();
  #watched: Watched | undefined;
  /** Why steps are never replayed; undefined while they may be. */
  #refusal: string | undefined;
  #judged = false;
  /** Steps that changed the module's fields. */
  #changes = 0;
  constructor(session: Session) {
    this.#session = session;
  }

  /** Does the step at hand, if it is known; false if it has to be recorded. */
  run(): boolean {
    const s = this.#session;
    this.settle();
    if (!this.#mayReplay()) return false;
    const key = this.#keyOf();
    const fields = key === undefined ? undefined : fieldsOf(s.module);
    if (key === undefined || !fields) return false;
    const kind = this.#kinds.get(key);
    let expected: Recipe | undefined;
    if (kind && !sameFields(kind.fields, fields)) {
      // What the step may read was changed: it is another step now.
      this.#kinds.delete(key);
    } else if (kind?.recipe && kind.sightings >= SIGHTINGS) {
      const basis = this.#basisOf(kind.recipe);
      // An epoch's first step is recorded: much of what changes, changes there.
      const audit = s.progress.batchIdx === 0 || ++kind.replayed % AUDIT_EVERY === 0;
      const made = audit ? undefined : basis && this.#again(kind.recipe, basis.inputs);
      if (basis && made) {
        s.hands.replayed = this.#handOut(kind.recipe, basis.bases, made);
        return true;
      }
      if (basis && audit) expected = kind.recipe;
    }
    this.#watch(key, fields, expected);
    return false;
  }

  /** The step's own code has run, as ever. */
  stepped(): void {
    const watched = this.#watched;
    if (!watched) return;
    watched.stepping = false;
    const fields = fieldsOf(this.#session.module);
    if (!fields || !sameFields(watched.fields, fields)) this.#changed();
    else if (watched.watch.disturbed) this.#refuse('trainingStep looks at values');
  }

  /** A first call may build something; one call after the other that changes fields is a step with a memory. */
  #changed(): void {
    this.#watched?.watch.stop();
    this.#watched = undefined;
    this.#changes += 1;
    if (this.#changes >= SIGHTINGS) this.#refuse('trainingStep changes fields of the module');
  }

  logged(name: string, value: number | tf.Tensor, options: LogOptions): void {
    if (this.#watched?.stepping) this.#watched.logs.push({ name, value, options });
  }

  /** The update of a watched step is computed. */
  updating(updates: readonly Update[]): void {
    if (this.#watched) this.#watched.updates = updates;
  }

  /** The step is over: compares it with those before. */
  settle(): void {
    const watched = this.#watched;
    if (!watched) return;
    this.#watched = undefined;
    watched.watch.stop();
    this.#learn(watched);
  }

  #mayReplay(): boolean {
    const { trainer, module, hands, optimizers, unattended, postMortem } = this.#session;
    const { options, limits } = trainer;
    if (this.#refusal !== undefined || !options.replay || !unattended()) return false;
    const plain =
      module.automaticOptimization &&
      optimizers.length === 1 &&
      optimizers[0]?.step === Optimizer.prototype.step &&
      limits.accumulateGradBatches === 1 &&
      !options.detectAnomaly &&
      !trainer.profiler &&
      !trainer.muted &&
      !postMortem &&
      !hands.batchReplaced;
    if (!plain || this.#isListenedTo()) return false;
    if (!this.#judged) {
      this.#judged = true;
      this.#refusal = stepEngine() ? impurityOf(module) : 'the engine computes kernel by kernel';
    }
    return this.#refusal === undefined;
  }

  #isListenedTo(): boolean {
    const { trainer, module } = this.#session;
    if (OVERRIDES.some((name) => module[name] !== undefined)) return true;
    for (const hook of MIDDLE) {
      if (typeof module[hook] === 'function') return true;
      for (const callback of trainer.callbacks) if (typeof callback[hook] === 'function') return true;
    }
    return false;
  }

  /** What makes steps different computations, apart from the module's fields. */
  #keyOf(): string | undefined {
    const { hands, module, trainer, optimizers, guard } = this.#session;
    const reads = module.trainingStep?.length !== 0;
    const batch = reads ? signatureOf(hands.batch) : '';
    const { gradientClipVal, gradientClipAlgorithm } = trainer.limits;
    const groups = optimizers.flatMap(({ paramGroups }) => paramGroups.map(({ params }) => params.length));
    if (batch === undefined) return undefined;
    const guarded = guard?.active === true;
    return [batch, tf.getBackend(), guarded, gradientClipVal, gradientClipAlgorithm, ...groups].join(' ');
  }

  #watch(key: string, fields: readonly unknown[], expected: Recipe | undefined): void {
    const { hands } = this.#session;
    const watch = stepEngine()?.watchSteps((step) => this.#computed(step));
    if (!watch) return;
    const variables = Object.values(tf.engine().registeredVariables);
    this.#watched = {
      key,
      fields,
      watch,
      before: new Map(variables.map((variable) => [variable, variable.dataId])),
      batch: tensorsIn(hands.batch),
      logs: [],
      stepping: true,
      updates: undefined,
      recipe: undefined,
      computations: 0,
      expected,
    };
  }

  #computed(step: RecordedStep): void {
    const watched = this.#watched;
    if (!watched) return;
    watched.computations += 1;
    const { updates } = watched;
    // Right now every tensor of the step is alive; later its inputs may be gone.
    if (updates && !watched.stepping) watched.recipe = recipeOf(this.#session, { ...watched, step, updates });
    watched.watch.stop();
  }

  #learn({ key, fields, recipe, watch, computations, expected }: Watched): void {
    const fresh: Kind = { fields, recipe: undefined, sightings: 0, failures: 0, replayed: 0 };
    const kind = this.#kinds.get(key) ?? fresh;
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MOST_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
    const usable = recipe !== undefined && computations === 1 && !watch.disturbed;
    if (usable && kind.recipe && sameRecipe(kind.recipe, recipe)) {
      kind.sightings += 1;
      kind.recipe = recipe;
      return;
    }
    if (expected?.step.current && usable) return this.#foundOut();
    kind.failures += 1;
    kind.recipe = usable ? recipe : undefined;
    kind.sightings = usable ? 1 : 0;
    if (kind.failures > MOST_FAILURES) this.#refuse('its steps are not alike');
  }

  /** A step that had been taken for known turned out to be another one. */
  #foundOut(): void {
    this.#refuse('a step was not what it had been');
    this.#session.trainer.warn(
      'trainingStep of ' +
        `${this.#session.module.constructor.name} computed something else than in the steps before, though nothing was ` +
        'seen to change: it may depend on variables outside the module, which up to ' +
        `${AUDIT_EVERY} steps did not see. From here on every step is recorded. Keep what changes in fields of the ` +
        'module, or give the Trainer replay: false.',
    );
  }

  #refuse(reason: string): void {
    this.#refusal = reason;
    this.#kinds.clear();
    const watched = this.#watched;
    this.#watched = undefined;
    watched?.watch.stop();
  }

  /** What the step would be computed from on the batch at hand; undefined if it would be another. */
  #basisOf(recipe: Recipe): { bases: UpdateBasis[]; inputs: (tf.DataId | ArrayLike<number>)[] } | undefined {
    const s = this.#session;
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

  /** Computes the step; undefined if it cannot, or must not be taken: then it is done over, for everybody to see. */
  #again({ step, check }: Recipe, inputs: (tf.DataId | ArrayLike<number>)[]): tf.Tensor[] | undefined {
    const { backend } = engine();
    const made = step.again(inputs)?.map((info) => tf.keep(engine().makeTensorFromTensorInfo(info, backend)));
    if (!made || !check || isFinite(made[check.result] as tf.Tensor)) return made;
    disposeAll(made);
    return undefined;
  }

  /** Gives the results to whom the recorded step gave them. */
  #handOut(recipe: Recipe, bases: readonly UpdateBasis[], made: readonly tf.Tensor[]): Replayed {
    const s = this.#session;
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
