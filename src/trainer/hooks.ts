import type * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from '../optim/optimizer.js';

/**
 * Whatever the loader yields: a tensor, or arrays and records of tensors and plain values. Only the user knows; a step
 * names the type it expects: `trainingStep([x, y]: [tf.Tensor, tf.Tensor])`.
 */
export type Batch = unknown;

/** What the trainer was asked to do. */
export type Stage = 'fit' | 'validate' | 'test' | 'predict';

/** What a `trainingStep` returned, as hooks see it: `{}` when it returned nothing. */
export type StepOutputs = { loss?: tf.Scalar; [key: string]: unknown };

/** Everything a hook may be told about the point where it is called. */
export interface HookData {
  /** What is going on. */
  stage: Stage;
  /** What the loader gave, or a hook put in its place. */
  batch: Batch;
  /** Index of the batch in its epoch, from 0. */
  batchIdx: number;
  /** Index of the loader, where there are several. */
  dataloaderIdx: number;
  /** What the step returned. */
  outputs: unknown;
  /** The loss that is differentiated: the step's loss divided by the accumulation window. */
  loss: tf.Scalar;
  /** The optimizer that steps. */
  optimizer: Optimizer;
  /** By parameter name; a parameter without a gradient is absent. */
  gradients: Record<string, tf.Tensor>;
}

/**
 * Every hook of the program, with the arguments it is called with, in order. Callbacks get `(trainer, module, ...args)`,
 * the module gets `(...args)`.
 */
export const HOOKS = {
  setup: ['stage'],
  onFitStart: [],
  onSanityCheckStart: [],
  onSanityCheckEnd: [],
  onTrainStart: [],
  onTrainEpochStart: [],
  onTrainBatchStart: ['batch', 'batchIdx'],
  onBeforeZeroGrad: ['optimizer'],
  onBeforeBackward: ['loss'],
  onAfterBackward: [],
  onBeforeOptimizerStep: ['optimizer'],
  onTrainBatchEnd: ['outputs', 'batch', 'batchIdx'],
  onTrainEpochEnd: [],
  onTrainEnd: [],
  onValidationStart: [],
  onValidationEpochStart: [],
  onValidationBatchStart: ['batch', 'batchIdx', 'dataloaderIdx'],
  onValidationBatchEnd: ['outputs', 'batch', 'batchIdx', 'dataloaderIdx'],
  onValidationEpochEnd: [],
  onValidationEnd: [],
  onTestStart: [],
  onTestEpochStart: [],
  onTestBatchStart: ['batch', 'batchIdx', 'dataloaderIdx'],
  onTestBatchEnd: ['outputs', 'batch', 'batchIdx', 'dataloaderIdx'],
  onTestEpochEnd: [],
  onTestEnd: [],
  onPredictStart: [],
  onPredictEpochStart: [],
  onPredictBatchStart: ['batch', 'batchIdx', 'dataloaderIdx'],
  onPredictBatchEnd: ['outputs', 'batch', 'batchIdx', 'dataloaderIdx'],
  onPredictEpochEnd: [],
  onPredictEnd: [],
  onFitEnd: [],
  teardown: ['stage'],
} as const satisfies Record<string, readonly (keyof HookData)[]>;

/** The name of a hook, such as `onTrainBatchEnd`. */
export type HookName = keyof typeof HOOKS;

/** What an event carries beyond the hook's arguments. */
export interface EventExtras {
  /** The loss of the batch. */
  onTrainBatchEnd: Pick<HookData, 'loss'>;
  /** The loss and the gradients, by parameter name. */
  onAfterBackward: Pick<HookData, 'loss' | 'gradients'>;
  /** The loss and the gradients, by parameter name. */
  onBeforeOptimizerStep: Pick<HookData, 'loss' | 'gradients'>;
}

const EXTRAS: { readonly [H in keyof EventExtras]: readonly (keyof HookData)[] } = {
  onTrainBatchEnd: ['loss'],
  onAfterBackward: ['loss', 'gradients'],
  onBeforeOptimizerStep: ['loss', 'gradients'],
};

/** Names of everything an event of this hook carries. */
export function eventData(hook: HookName): readonly (keyof HookData)[] {
  return [...HOOKS[hook], ...(hook in EXTRAS ? EXTRAS[hook as keyof EventExtras] : [])];
}

/** Every hook. */
export const HOOK_NAMES = Object.keys(HOOKS) as HookName[];

export function isHookName(name: unknown): name is HookName {
  return typeof name === 'string' && Object.hasOwn(HOOKS, name);
}
