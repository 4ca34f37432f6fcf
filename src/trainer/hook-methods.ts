import type * as tf from '@tensorflow/tfjs-core';
import type { Module } from '../module/module.js';
import type { Optimizer } from '../optim/index.js';
import type { Batch, HookName, Stage, StepOutputs } from './hooks.js';
import type { Trainer } from './trainer.js';

/**
 * The hooks of a module, in the order in which a run comes to them. All are optional, and may be asynchronous. What a hook
 * returns is ignored, but for `onTrainBatchStart`.
 */
export interface ModuleHooks {
  /** Before anything is built: the place for what depends on the stage. */
  setup?(stage: Stage): unknown;
  /** The model is complete, its optimizers are configured, a checkpoint's weights are loaded. */
  onFitStart?(): unknown;
  /** A few validation batches are about to be tried. */
  onSanityCheckStart?(): unknown;
  /** The trial is over; its metrics are discarded. */
  onSanityCheckEnd?(): unknown;
  /** The training loader is there; the first epoch (or the one gone on with) comes next. */
  onTrainStart?(): unknown;
  /** An epoch begins. */
  onTrainEpochStart?(): unknown;
  /** A batch is there. The module returning -1 ends the epoch's training. */
  onTrainBatchStart?(batch: Batch, batchIdx: number): unknown;
  /** Gradients of earlier steps are about to be cleared. */
  onBeforeZeroGrad?(optimizer: Optimizer): unknown;
  /** The forward pass is done; `loss` is about to be differentiated. */
  onBeforeBackward?(loss: tf.Scalar): unknown;
  /** Every parameter has its gradient: look at it, or replace it. */
  onAfterBackward?(): unknown;
  /** The last moment before clipping and the update. */
  onBeforeOptimizerStep?(optimizer: Optimizer): unknown;
  /** The batch is done; `outputs` is what trainingStep returned. */
  onTrainBatchEnd?(outputs: StepOutputs, batch: Batch, batchIdx: number): unknown;
  /** All batches of the epoch, and the validation at its end, are done. */
  onTrainEpochEnd?(): unknown;
  /** Training is over. */
  onTrainEnd?(): unknown;
  /** A validation begins; the model is in evaluation mode. */
  onValidationStart?(): unknown;
  /** The validation's only epoch begins. */
  onValidationEpochStart?(): unknown;
  /** A validation batch is there. */
  onValidationBatchStart?(batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** A validation batch is done; `outputs` is what its step returned. */
  onValidationBatchEnd?(outputs: unknown, batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** All validation batches are done. */
  onValidationEpochEnd?(): unknown;
  /** The validation is over; its metrics are there. */
  onValidationEnd?(): unknown;
  /** A test begins; the model is in evaluation mode. */
  onTestStart?(): unknown;
  /** The test's only epoch begins. */
  onTestEpochStart?(): unknown;
  /** A test batch is there. */
  onTestBatchStart?(batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** A test batch is done; `outputs` is what its step returned. */
  onTestBatchEnd?(outputs: unknown, batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** All test batches are done. */
  onTestEpochEnd?(): unknown;
  /** The test is over; its metrics are there. */
  onTestEnd?(): unknown;
  /** A prediction begins; the model is in evaluation mode. */
  onPredictStart?(): unknown;
  /** The prediction's only epoch begins. */
  onPredictEpochStart?(): unknown;
  /** A prediction batch is there. */
  onPredictBatchStart?(batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** A prediction batch is done; `outputs` is what its step returned. */
  onPredictBatchEnd?(outputs: unknown, batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** All prediction batches are done. */
  onPredictEpochEnd?(): unknown;
  /** The prediction is over. */
  onPredictEnd?(): unknown;
  /** The fit is over; loaders and weights are still there. */
  onFitEnd?(): unknown;
  /** Undo `setup`. */
  teardown?(stage: Stage): unknown;
}

/** The hooks of a callback: the module's, told who calls. */
export interface CallbackHooks {
  /** Before anything is built: the place for what depends on the stage. */
  setup?(trainer: Trainer, module: Module, stage: Stage): unknown;
  /** The model is complete, its optimizers are configured, a checkpoint's weights are loaded. */
  onFitStart?(trainer: Trainer, module: Module): unknown;
  /** A few validation batches are about to be tried. */
  onSanityCheckStart?(trainer: Trainer, module: Module): unknown;
  /** The trial is over; its metrics are discarded. */
  onSanityCheckEnd?(trainer: Trainer, module: Module): unknown;
  /** The training loader is there; the first epoch (or the one gone on with) comes next. */
  onTrainStart?(trainer: Trainer, module: Module): unknown;
  /** An epoch begins. */
  onTrainEpochStart?(trainer: Trainer, module: Module): unknown;
  /** A batch is there. The module returning -1 ends the epoch's training. */
  onTrainBatchStart?(trainer: Trainer, module: Module, batch: Batch, batchIdx: number): unknown;
  /** Gradients of earlier steps are about to be cleared. */
  onBeforeZeroGrad?(trainer: Trainer, module: Module, optimizer: Optimizer): unknown;
  /** The forward pass is done; `loss` is about to be differentiated. */
  onBeforeBackward?(trainer: Trainer, module: Module, loss: tf.Scalar): unknown;
  /** Every parameter has its gradient: look at it, or replace it. */
  onAfterBackward?(trainer: Trainer, module: Module): unknown;
  /** The last moment before clipping and the update. */
  onBeforeOptimizerStep?(trainer: Trainer, module: Module, optimizer: Optimizer): unknown;
  /** The batch is done; `outputs` is what trainingStep returned. */
  onTrainBatchEnd?(trainer: Trainer, module: Module, outputs: StepOutputs, batch: Batch, batchIdx: number): unknown;
  /** All batches of the epoch, and the validation at its end, are done. */
  onTrainEpochEnd?(trainer: Trainer, module: Module): unknown;
  /** Training is over. */
  onTrainEnd?(trainer: Trainer, module: Module): unknown;
  /** A validation begins; the model is in evaluation mode. */
  onValidationStart?(trainer: Trainer, module: Module): unknown;
  /** The validation's only epoch begins. */
  onValidationEpochStart?(trainer: Trainer, module: Module): unknown;
  /** A validation batch is there. */
  onValidationBatchStart?(
    trainer: Trainer,
    module: Module,
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): unknown;
  /** A validation batch is done; `outputs` is what its step returned. */
  onValidationBatchEnd?(
    trainer: Trainer,
    module: Module,
    outputs: unknown,
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): unknown;
  /** All validation batches are done. */
  onValidationEpochEnd?(trainer: Trainer, module: Module): unknown;
  /** The validation is over; its metrics are there. */
  onValidationEnd?(trainer: Trainer, module: Module): unknown;
  /** A test begins; the model is in evaluation mode. */
  onTestStart?(trainer: Trainer, module: Module): unknown;
  /** The test's only epoch begins. */
  onTestEpochStart?(trainer: Trainer, module: Module): unknown;
  /** A test batch is there. */
  onTestBatchStart?(trainer: Trainer, module: Module, batch: Batch, batchIdx: number, dataloaderIdx: number): unknown;
  /** A test batch is done; `outputs` is what its step returned. */
  onTestBatchEnd?(
    trainer: Trainer,
    module: Module,
    outputs: unknown,
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): unknown;
  /** All test batches are done. */
  onTestEpochEnd?(trainer: Trainer, module: Module): unknown;
  /** The test is over; its metrics are there. */
  onTestEnd?(trainer: Trainer, module: Module): unknown;
  /** A prediction begins; the model is in evaluation mode. */
  onPredictStart?(trainer: Trainer, module: Module): unknown;
  /** The prediction's only epoch begins. */
  onPredictEpochStart?(trainer: Trainer, module: Module): unknown;
  /** A prediction batch is there. */
  onPredictBatchStart?(
    trainer: Trainer,
    module: Module,
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): unknown;
  /** A prediction batch is done; `outputs` is what its step returned. */
  onPredictBatchEnd?(
    trainer: Trainer,
    module: Module,
    outputs: unknown,
    batch: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): unknown;
  /** All prediction batches are done. */
  onPredictEpochEnd?(trainer: Trainer, module: Module): unknown;
  /** The prediction is over. */
  onPredictEnd?(trainer: Trainer, module: Module): unknown;
  /** The fit is over; loaders and weights are still there. */
  onFitEnd?(trainer: Trainer, module: Module): unknown;
  /** Undo `setup`. */
  teardown?(trainer: Trainer, module: Module, stage: Stage): unknown;
}

/** Fails to compile unless every hook of the program can be implemented, and nothing else. */
type Same<A, B> = [A, B] extends [B, A] ? A : never;
export type Implementable = Same<HookName, keyof ModuleHooks & keyof CallbackHooks>;
