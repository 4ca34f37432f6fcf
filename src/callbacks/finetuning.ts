import * as layers from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { ConfigurationError, StrobeError } from '../errors.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { parametersOfLayer } from '../module/walk.js';
import type { Optimizer } from '../optim/index.js';
import { isPlainRecord } from '../tensors/tree.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

/** What can be frozen and unfrozen: modules, tfjs layers and models, parameters, and lists of these. */
export type Freezable = Module | layers.layers.Layer | Parameter | readonly Freezable[];

/** How BaseFinetuning freezes. */
export interface FreezeOptions {
  /** Leave BatchNorm layers trainable. Default true. */
  trainBn?: boolean;
}

/** How BaseFinetuning unfreezes, and how fast what is thawed learns. */
export interface UnfreezeOptions extends FreezeOptions {
  /** Learning rate of the new group. Default: the first group's, divided by `initialDenomLr`. */
  lr?: number;
  /** Default 10. */
  initialDenomLr?: number;
}

const freezeSchema = z.strictObject({ trainBn: z.boolean().optional() });
const unfreezeSchema = freezeSchema.extend({
  lr: z.number().min(0).optional(),
  initialDenomLr: z.number().positive().optional(),
});

/** Trains a part of a network from some epoch on: freezes it before training, and adds it to the optimizer later. */
export abstract class BaseFinetuning extends Callback {
  /** Freeze here what shall not be trained from the start; runs before the optimizers are configured. */
  abstract freezeBeforeTraining(module: Module): void;

  /** Called at the beginning of each epoch, for each optimizer. */
  abstract finetuneFunction(module: Module, epoch: number, optimizer: Optimizer): void;

  /** First: what others see of the optimizer at an epoch's beginning is what the epoch trains with. */
  override get kind(): CallbackKind {
    return 'tuner';
  }

  override setup(_trainer: Trainer, module: Module, stage: string): void {
    if (stage === 'fit') this.freezeBeforeTraining(module);
  }

  override onTrainEpochStart(trainer: Trainer, module: Module): void {
    for (const optimizer of trainer.optimizers) this.finetuneFunction(module, trainer.currentEpoch, optimizer);
  }

  /** No gradients for these any more. */
  static freeze(what: Freezable, options: FreezeOptions = {}): void {
    checkOptions('freeze', freezeSchema, options);
    const { trainBn = true } = options;
    for (const parameter of this.parametersOf(what, { trainBn })) parameter.requiresGrad = false;
  }

  /** Lets parameters learn again, without telling any optimizer of them. */
  static makeTrainable(what: Freezable): void {
    for (const parameter of this.parametersOf(what)) parameter.requiresGrad = true;
  }

  /** Unfreezes these and gives the optimizer a group of them; those that it holds already are passed over. */
  static unfreezeAndAddParamGroup(what: Freezable, optimizer: Optimizer, options: UnfreezeOptions = {}): void {
    checkOptions('unfreezeAndAddParamGroup', unfreezeSchema, options);
    const { lr, initialDenomLr = 10, trainBn = true } = options;
    this.makeTrainable(what);
    const held = new Set(optimizer.parameters());
    const params = this.parametersOf(what).filter((parameter) => !held.has(parameter));
    // BatchNorm layers that were trainable from the start are expected to be held.
    const known = this.parametersOf(what, { trainBn }).filter((parameter) => held.has(parameter)).length;
    if (known > 0) {
      console.warn(
        `[strobe] The optimizer holds ${known} of the unfrozen parameters already; they stay in their groups.`,
      );
    }
    if (params.length > 0) optimizer.addParamGroup({ params, lr: lr ?? optimizer.lr / initialDenomLr });
  }

  /** The parameters of these; without those of BatchNorm layers if they are to stay as they are. */
  static parametersOf(what: Freezable, options: FreezeOptions = {}): Parameter[] {
    checkOptions('parametersOf', freezeSchema, options);
    const { trainBn = false } = options;
    const skipped = trainBn ? new Set(normsIn(what).flatMap((layer) => parametersIn(layer))) : new Set<Parameter>();
    return parametersIn(what).filter((parameter) => !skipped.has(parameter));
  }
}

function parametersIn(what: Freezable): Parameter[] {
  if (what instanceof Parameter) return [what];
  if (what instanceof Module) return what.parameters();
  if (what instanceof layers.layers.Layer) return parametersOfLayer(what);
  return what.flatMap(parametersIn);
}

function normsIn(what: unknown, seen = new Set<unknown>()): layers.layers.Layer[] {
  if (typeof what !== 'object' || what === null || seen.has(what)) return [];
  seen.add(what);
  if (what instanceof layers.layers.Layer) {
    if ('layers' in what) return (what.layers as layers.layers.Layer[]).flatMap((layer) => normsIn(layer, seen));
    return what.getClassName() === 'BatchNormalization' ? [what] : [];
  }
  if (what instanceof Parameter) return [];
  if (what instanceof Module || Array.isArray(what) || isPlainRecord(what))
    return Object.values(what).flatMap((value) => normsIn(value, seen));
  return [];
}

const schema = z.strictObject({
  /** The epoch, counted from 0, from which the backbone is trained. */
  unfreezeBackboneAtEpoch: z.int().min(0).default(10),
  /** What the backbone's learning rate is multiplied with from epoch to epoch. Default: `() => 2`. */
  lambdaFunc: z
    .custom<(epoch: number) => number>((value) => typeof value === 'function', { error: 'a function of the epoch' })
    .default(() => () => 2),
  /** The backbone's first learning rate as a share of the head's. */
  backboneInitialRatioLr: z.number().positive().default(0.1),
  /** That learning rate itself, in place of the share. */
  backboneInitialLr: z.number().positive().optional(),
  /** Never let the backbone's learning rate exceed the head's. */
  shouldAlign: z.boolean().default(true),
  /** What the head's learning rate is divided by where no other is given. */
  initialDenomLr: z.number().positive().default(10),
  /** BatchNorm layers stay trainable from the start. */
  trainBn: z.boolean().default(true),
  /** Print both learning rates. */
  verbose: z.boolean().default(false),
  /** Decimals of the learning rates that are printed. */
  rounding: z.int().min(0).max(100).default(12),
});

/** What BackboneFinetuning takes. @interface */
export type BackboneFinetuningOptions = z.input<typeof schema>;

/** Freezes `module.backbone`, and trains it from an epoch on, its learning rate rising to that of the head. */
export class BackboneFinetuning extends BaseFinetuning {
  readonly #options: z.output<typeof schema>;
  /** The backbone's learning rate as it was set last. */
  previousBackboneLr: number | undefined;

  constructor(options: BackboneFinetuningOptions = {}) {
    super();
    this.#options = checkOptions('BackboneFinetuning', schema, options);
  }

  override freezeBeforeTraining(module: Module): void {
    BaseFinetuning.freeze(backboneOf(module), { trainBn: this.#options.trainBn });
  }

  override finetuneFunction(module: Module, epoch: number, optimizer: Optimizer): void {
    const o = this.#options;
    const headLr = optimizer.paramGroups[0]?.lr ?? 0;
    if (epoch === o.unfreezeBackboneAtEpoch) {
      this.previousBackboneLr = o.backboneInitialLr ?? headLr * o.backboneInitialRatioLr;
      const { trainBn, initialDenomLr } = o;
      const options = { lr: this.previousBackboneLr, trainBn, initialDenomLr };
      BaseFinetuning.unfreezeAndAddParamGroup(backboneOf(module), optimizer, options);
      this.#say(module, headLr, this.previousBackboneLr);
    } else if (epoch > o.unfreezeBackboneAtEpoch && this.previousBackboneLr !== undefined) {
      const next = o.lambdaFunc(epoch + 1) * this.previousBackboneLr;
      this.previousBackboneLr = o.shouldAlign && next > headLr ? headLr : next;
      const own = new Set(parametersIn(backboneOf(module)));
      // Its parameters are the last ones that came, unless somebody else has added a group since.
      const group = optimizer.paramGroups.findLast(({ params }) => params.some((parameter) => own.has(parameter)));
      if (group) group.lr = this.previousBackboneLr;
      this.#say(module, headLr, this.previousBackboneLr);
    }
  }

  override stateDict(): object {
    return this.previousBackboneLr === undefined ? {} : { previousBackboneLr: this.previousBackboneLr };
  }

  override loadStateDict(state: { previousBackboneLr?: number }): void {
    this.previousBackboneLr = state.previousBackboneLr;
  }

  #say({ trainer }: Module, head: number, backbone: number): void {
    const { verbose, rounding } = this.#options;
    if (verbose) trainer.print(`Current lr: ${round(head, rounding)}, Backbone lr: ${round(backbone, rounding)}`);
  }
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function backboneOf(module: Module): Freezable {
  const { backbone } = module as Module & { backbone?: Freezable };
  if (backbone instanceof Module || backbone instanceof layers.layers.Layer) return backbone;
  throw new ConfigurationError(
    StrobeError.compose(`BackboneFinetuning cannot be used with ${module.constructor.name}.`, {
      expected: 'a module with a property `backbone`: a Module or a tfjs layer or model',
      received: backbone === undefined ? 'none' : typeof backbone,
      hint: 'call that part of the network backbone, or extend BaseFinetuning',
    }),
  );
}
