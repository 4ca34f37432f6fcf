import type * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { ConfigurationError, ContractError, describe, StrobeError } from '../errors.js';
import type { Loader } from '../data/index.js';
import type { LRScheduler, Optimizer, OptimizerConfig } from '../optim/index.js';
import type { Callback } from '../trainer/callback.js';
import type { ModuleHooks } from '../trainer/hook-methods.js';
import type { Batch, StepOutputs } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { readCheckpoint } from '../checkpoint/store.js';
import { checkOptions, FLAG, type Allowed } from '../options.js';
import { handOver } from '../tensors/hand-over.js';
import { retain } from '../tensors/share.js';
import { disposeAll, tensorsIn } from '../tensors/tree.js';
import type { LogOptions } from './metrics.js';
import type { Parameter } from './parameter.js';
import { type Buffer, IS_MODULE, walk } from './walk.js';

/** What a trainer lends a module while it holds it. */
export interface ModuleHost {
  readonly trainer: Trainer;
  log(name: string, value: number | tf.Tensor, options: LogOptions): void;
  manualBackward(loss: tf.Scalar): void;
  clipGradients(optimizer: Optimizer, max: number, algorithm: 'norm' | 'value'): void;
}

const NAMES: Allowed = {
  what: 'an array of names',
  holds: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};
const CLIPPING = {
  gradientClipVal: { what: 'a number from 0 up', holds: (value: unknown) => typeof value === 'number' && value >= 0 },
  gradientClipAlgorithm: {
    what: "'norm' or 'value'",
    holds: (value: unknown) => value === 'norm' || value === 'value',
  },
};

const hosts = new WeakMap<Module, ModuleHost>();

/** @internal A trainer takes hold of a module. */
export function attach(module: Module, host: ModuleHost): void {
  hosts.set(module, host);
}

/** The optional parts of a module: define those you need. */
export interface Module extends ModuleHooks {
  /** One training step: computes the loss of a batch. Synchronous, because tfjs records gradients synchronously. */
  trainingStep?(batch: Batch, batchIdx: number): tf.Scalar | StepOutputs | undefined | void;
  /**
   * What is done with a batch of validation, mostly to log metrics; the run is in evaluation mode. What it returns goes
   * to `onValidationBatchEnd`.
   */
  validationStep?(batch: Batch, batchIdx: number, dataloaderIdx?: number): unknown;
  /** What is done with a batch of a test; what it returns goes to `onTestBatchEnd`. */
  testStep?(batch: Batch, batchIdx: number, dataloaderIdx?: number): unknown;

  /** The optimizer or optimizers, and their learning-rate schedulers. Without it nothing is updated. */
  configureOptimizers?(): OptimizerConfig;
  /** Callbacks this model wants. They replace the trainer's of the same class, and of the classes that one extends. */
  configureCallbacks?(): Callback[];
  /** Builds what the constructor left out; called once, before the first checkpoint is loaded. */
  configureModel?(): void | Promise<void>;
  /** Clips this optimizer's gradients in place of the trainer. */
  configureGradientClipping?(optimizer: Optimizer): void;
  /** Applies the update in place of the trainer: call `optimizer.step()`. The gradients are there. */
  optimizerStep?(epoch: number, batchIdx: number, optimizer: Optimizer): void;
  /** Clears the gradients in place of the trainer. */
  optimizerZeroGrad?(epoch: number, batchIdx: number, optimizer: Optimizer): void;
  /** Steps a scheduler in place of the trainer; `metric` is the monitored value of a plateau scheduler. */
  lrSchedulerStep?(scheduler: LRScheduler, metric?: number): void;

  /** Downloads and the like; runs before everything else. */
  prepareData?(): void | Promise<void>;
  /** The training data, where `fit` gets none. */
  trainDataloader?(): Loader;
  /** The validation data, where `fit` and `validate` get none. */
  valDataloader?(): Loader | Loader[];
  /** The data of a test, where `test` gets none. */
  testDataloader?(): Loader | Loader[];
  /** What to predict, where `predict` gets nothing. */
  predictDataloader?(): Loader | Loader[];
  /** The batch as the hooks and steps shall see it: the last word on augmentation, before and after the transfer. */
  onBeforeBatchTransfer?(batch: Batch, dataloaderIdx: number): Batch;
  /** The batch where the engine wants it. */
  transferBatchToDevice?(batch: Batch, dataloaderIdx: number): Batch;
  /** The batch after the transfer, as the steps get it. */
  onAfterBatchTransfer?(batch: Batch, dataloaderIdx: number): Batch;

  /** Before validation within a fit: clears the gradients. */
  onValidationModelZeroGrad?(): void;
  /** Switches to evaluation before validation, in place of the trainer. */
  onValidationModelEval?(): void;
  /** Switches back to what was before validation, in place of the trainer. */
  onValidationModelTrain?(): void;
  /** Switches to evaluation before a test, in place of the trainer. */
  onTestModelEval?(): void;
  /** Switches back after a test, in place of the trainer. */
  onTestModelTrain?(): void;
  /** Switches to evaluation before prediction, in place of the trainer. */
  onPredictModelEval?(): void;
  /** Switches back after prediction, in place of the trainer. */
  onPredictModelTrain?(): void;

  /** May add to the checkpoint that is about to be written. */
  onSaveCheckpoint?(checkpoint: Checkpoint): void | Promise<void>;
  /** Reads what `onSaveCheckpoint` added; called before the weights are loaded. */
  onLoadCheckpoint?(checkpoint: Checkpoint): void | Promise<void>;
  /** State of your own that checkpoints shall carry: plain data and tensors, which stay yours. */
  extraState?(): unknown;
  /** Takes back what `extraState` gave; its tensors are yours. */
  loadExtraState?(state: unknown): void;
}

/**
 * A model together with how it is trained: its parameters, its steps, its optimizers.
 *
 * Parameters are found by walking the module's own properties: tfjs layers and models, `parameter(...)`s, `tf.Variable`s,
 * other modules, and arrays and plain records of these.
 */
export abstract class Module {
  /** True while training, false in validation, test and prediction. Layers want it: `apply(x, { training: this.training })`. */
  training = true;
  /** False when `trainingStep` calls `manualBackward` and the optimizers itself. */
  automaticOptimization = true;
  /** An input (or several) that layers without an inputShape are built with, and summaries are computed from. */
  declare exampleInput?: tf.Tensor | tf.Tensor[];
  /** What `saveHyperparameters` was given; saved with checkpoints. */
  readonly hparams: Record<string, unknown> = {};
  #logHyperparameters = true;
  /** Parameters of other optimizers that are set aside, and what they had. */
  readonly #toggled = new Map<Parameter, boolean>();

  /**
   * Makes a module from a checkpoint: its constructor gets the hyper-parameters that `saveHyperparameters` kept, and what
   * `overrides` says otherwise; then its weights are loaded.
   *
   * @throws CheckpointError if the file cannot be read, ContractError if its weights do not fit
   */
  static async loadFromCheckpoint<M extends Module>(
    this: new (...args: never[]) => M,
    path: string,
    overrides: object = {},
  ): Promise<M> {
    const checkpoint = await readCheckpoint(path);
    try {
      const module = new this({ ...handOver(checkpoint.hyperParameters), ...overrides } as never);
      await module.configureModel?.();
      await module.onLoadCheckpoint?.(checkpoint);
      module.loadStateDict(checkpoint.stateDict);
      if (checkpoint.extraState !== undefined) module.loadExtraState?.(handOver(checkpoint.extraState));
      return module;
    } finally {
      disposeAll(tensorsIn(checkpoint));
    }
  }

  /** @internal */
  get [IS_MODULE](): true {
    return true;
  }

  /** The trainer that holds this module. */
  get trainer(): Trainer {
    return this.#host('trainer').trainer;
  }

  /** Index of the epoch, from 0; 0 without a trainer. */
  get currentEpoch(): number {
    return hosts.get(this)?.trainer.currentEpoch ?? 0;
  }

  /** Optimizer steps done; 0 without a trainer. */
  get globalStep(): number {
    return hosts.get(this)?.trainer.globalStep ?? 0;
  }

  /** What the model computes; `predictStep` and the summary call it. */
  forward(..._inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    throw new ContractError(
      StrobeError.compose(`${this.constructor.name} has no forward().`, {
        expected: 'a method forward(...inputs) that returns a tensor or several',
        received: 'the base class',
        hint: 'define it, e.g. forward(x) { return this.net.apply(x, { training: this.training }); }',
      }),
    );
  }

  /** What `trainer.predict` collects for a batch. Default: `forward` of the batch, or of its first element. */
  predictStep(batch: Batch, _batchIdx: number, _dataloaderIdx?: number): unknown {
    return this.forward(Array.isArray(batch) ? (batch[0] as tf.Tensor) : (batch as tf.Tensor));
  }

  /** Remembers constructor arguments in `hparams` and in every checkpoint. */
  saveHyperparameters(hparams: object, options: { ignore?: string[]; logger?: boolean } = {}): void {
    if (typeof hparams !== 'object' || hparams === null || Array.isArray(hparams)) {
      throw new ConfigurationError(
        StrobeError.compose('saveHyperparameters takes a record.', {
          expected: 'an object of names and values',
          received: describe(hparams),
          hint: 'pass the options your constructor got: this.saveHyperparameters(options)',
        }),
      );
    }
    checkOptions('saveHyperparameters', options, { ignore: NAMES, logger: FLAG });
    const ignored = new Set(options.ignore ?? []);
    for (const [name, value] of Object.entries(hparams)) if (!ignored.has(name)) this.hparams[name] = value;
    this.#logHyperparameters = options.logger ?? true;
  }

  /** @internal What goes to the loggers. */
  get hparamsToLog(): Record<string, unknown> {
    return this.#logHyperparameters ? this.hparams : {};
  }

  /** Logs a metric: see {@link LogOptions} for where it goes and how it is reduced. */
  log(name: string, value: number | tf.Tensor, options: LogOptions = {}): void {
    this.#host('log').log(name, value, options);
  }

  /** Logs several metrics in one way: see `log`. */
  logDict(values: Record<string, number | tf.Tensor>, options: LogOptions = {}): void {
    for (const [name, value] of Object.entries(values)) this.log(name, value, options);
  }

  /** What can be trained, in the order in which it is found; frozen parameters, too. */
  parameters(): Parameter[] {
    return walk(this).parameters;
  }

  /** The same with their names, such as `net.dense_1.kernel`. */
  *namedParameters(): Iterable<[string, Parameter]> {
    for (const parameter of this.parameters()) yield [parameter.name, parameter];
  }

  /** Values that belong to the weights but are not trained, such as BatchNorm's moving statistics. */
  buffers(): Buffer[] {
    return walk(this).buffers;
  }

  /** The modules and layers directly in this one, by property. */
  children(): Iterable<[string, Module | layers.layers.Layer]> {
    return walk(this).children as [string, Module | layers.layers.Layer][];
  }

  /** No parameter of this module is trained until `unfreeze`. */
  freeze(): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = false;
    return this.eval();
  }

  /** Every parameter of this module is trained again. */
  unfreeze(): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = true;
    return this.train();
  }

  /** Switches this module and the modules in it between training and evaluation. */
  train(mode = true): this {
    for (const module of modulesIn(this)) module.training = mode;
    return this;
  }

  /** Switches this module and the modules in it to evaluation: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets the gradients of every parameter. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Parameters and buffers by name. The tensors are handles of their own: dispose them when done. */
  stateDict(): Record<string, tf.Tensor> {
    const { parameters, buffers } = walk(this);
    return Object.fromEntries(
      [...parameters, ...buffers].map(({ name, variable }) => [name, retain(variable as tf.Tensor)]),
    );
  }

  /**
   * Takes over parameters and buffers by name.
   * @param options.strict false ignores names that only one side has. Default true.
   */
  loadStateDict(state: Record<string, tf.Tensor>, options: { strict?: boolean } = {}): void {
    checkOptions('loadStateDict', options, { strict: FLAG });
    const { parameters, buffers } = walk(this);
    const own = new Map([...parameters, ...buffers].map(({ name, variable }) => [name, variable]));
    const missing = [...own.keys()].filter((name) => !(name in state));
    const unexpected = Object.keys(state).filter((name) => !own.has(name));
    const misshapen = Object.entries(state).flatMap(([name, value]) => {
      const variable = own.get(name);
      const fits = !variable || String(variable.shape) === String(value.shape);
      return fits ? [] : [`${name}: [${variable.shape.join(', ')}] here, [${value.shape.join(', ')}] in the state`];
    });
    const problems = [
      ...((options.strict ?? true) && missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
      ...((options.strict ?? true) && unexpected.length > 0 ? [`unexpected: ${unexpected.join(', ')}`] : []),
      ...misshapen,
    ];
    if (problems.length > 0) {
      throw new ContractError(
        StrobeError.compose(`The state does not fit ${this.constructor.name}.`, {
          expected: `${own.size} tensors with the module's names and shapes`,
          received: problems.join('; '),
          hint: 'build the module with the options it was saved with, or pass { strict: false } if names may differ',
        }),
      );
    }
    for (const [name, value] of Object.entries(state)) own.get(name)?.assign(value);
  }

  /** Manual optimization: the gradients of `loss`, added to each parameter's `grad`. */
  manualBackward(loss: tf.Scalar): void {
    this.#host('manualBackward').manualBackward(loss);
  }

  /** Manual optimization: clips the gradients of what this optimizer holds, by their common norm or element by element. */
  clipGradients(
    optimizer: Optimizer,
    options: { gradientClipVal: number; gradientClipAlgorithm?: 'norm' | 'value' },
  ): void {
    checkOptions('clipGradients', options, CLIPPING);
    const { gradientClipVal, gradientClipAlgorithm = 'norm' } = options;
    this.#host('clipGradients').clipGradients(optimizer, gradientClipVal, gradientClipAlgorithm);
  }

  /**
   * Manual optimization: until `untoggleOptimizer`, only this optimizer's parameters get gradients. A step that trains one
   * of several networks saves itself the others' backward passes, and leaves their gradients alone.
   */
  toggleOptimizer(optimizer: Optimizer): void {
    this.#untoggle();
    const own = new Set(optimizer.parameters());
    for (const parameter of this.trainer.optimizers.flatMap((each) => each.parameters())) {
      if (own.has(parameter) || this.#toggled.has(parameter)) continue;
      this.#toggled.set(parameter, parameter.requiresGrad);
      parameter.requiresGrad = false;
    }
  }

  /** Gives the other optimizers' parameters back what `toggleOptimizer` took. */
  untoggleOptimizer(_optimizer?: Optimizer): void {
    this.#untoggle();
  }

  #untoggle(): void {
    for (const [parameter, wanted] of this.#toggled) parameter.requiresGrad = wanted;
    this.#toggled.clear();
  }

  /** The optimizer, or all of them when there are several. */
  optimizers(): Optimizer | Optimizer[] {
    return one(this.trainer.optimizers);
  }

  /** The scheduler, or all of them when there are several. */
  lrSchedulers(): LRScheduler | LRScheduler[] {
    return one(this.trainer.lrSchedulers.map(({ scheduler }) => scheduler));
  }

  #host(what: string): ModuleHost {
    const host = hosts.get(this);
    if (host) return host;
    throw new ContractError(
      StrobeError.compose(`${this.constructor.name}.${what} was used before a trainer holds the module.`, {
        expected: 'a module that trainer.fit, validate, test or predict was called with',
        received: 'a module without a trainer',
        hint: 'use it inside a step or a hook',
      }),
    );
  }
}

function one<T>(items: readonly T[]): T | T[] {
  const [first] = items;
  return items.length === 1 && first !== undefined ? first : [...items];
}

/** A module and those within it, in the order of their properties, with their dotted paths; the module's own is empty. */
export function namedModules(module: Module): [path: string, module: Module][] {
  const found = new Map<Module, string>();
  const seen = new Set<object>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Module) found.set(value, path);
    else if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
    for (const [key, child] of Object.entries(value)) visit(child, path === '' ? key : `${path}.${key}`);
  };
  visit(module, '');
  return [...found].map(([each, path]) => [path, each]);
}

/** A module and all modules below it. */
export function modulesIn(module: Module): Module[] {
  return namedModules(module).map(([, each]) => each);
}
