import * as tf from '@tensorflow/tfjs-core';
import { stepEngine, type RecordedStep, type StepWatch } from '../../backend/steps.js';
import type { LogOptions } from '../../module/metrics.js';
import { Optimizer, type Update } from '../../optim/optimizer.js';
import { tensorsIn } from '../../tensors/tree.js';
import type { Session } from '../session.js';
import { fieldsOf, sameFields } from './fields.js';
import { MIDDLE } from './middle.js';
import { impurityOf } from './purity.js';
import { recipeOf, sameRecipe, signatureOf, type Recipe } from './recipe.js';
import { again, basisOf, coincides, handOut } from './redo.js';

/** Equal steps in a row before the next is computed without being recorded. */
const SIGHTINGS = 3;
/** Every so many steps one is recorded all the same, and compared with what it is taken for. */
const AUDIT_EVERY = 64;
/** Steps of different kinds (shapes, modes) remembered at a time. */
const MOST_KINDS = 16;
/** Kinds of steps that never came out alike before it is given up. */
const MOST_FAILURES = 8;

const OVERRIDES = ['optimizerStep', 'optimizerZeroGrad', 'configureGradientClipping'] as const;

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
      const basis = basisOf(s, kind.recipe);
      // An epoch's first step is recorded: much of what changes, changes there.
      const audit = s.progress.batchIdx === 0 || ++kind.replayed % AUDIT_EVERY === 0;
      const made = audit ? undefined : basis && again(kind.recipe, basis);
      if (basis && made) {
        s.hands.replayed = handOut(s, kind.recipe, basis, made);
        return true;
      }
      if (basis && audit && !coincides(kind.recipe, basis)) expected = kind.recipe;
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
    const { trainer, module, hands, optimizers, progress, unattended, postMortem } = this.#session;
    const { options } = trainer;
    if (this.#refusal !== undefined || !options.replay || !unattended()) return false;
    const plain =
      module.automaticOptimization &&
      optimizers.length === 1 &&
      optimizers[0]?.step === Optimizer.prototype.step &&
      progress.window.size === 1 &&
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
}
