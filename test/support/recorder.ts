import * as tf from '@tensorflow/tfjs-core';
import { Callback, Module, parameter, SGD, StepLR, type Batch, type LRScheduler, type OptimizerConfig } from 'strobe';
import { HOOK_NAMES, HOOKS } from '../../src/trainer/hooks.js';

/** Calls in the order in which they were made, as `Callback.onTrainStart` or `trainingStep(0)`. */
export type Trace = string[];

/** A callback that records every hook on entry. */
export class RecordingCallback extends Callback {
  constructor(trace: Trace) {
    super();
    for (const hook of HOOK_NAMES) {
      const at = (HOOKS[hook] as readonly string[]).indexOf('batchIdx');
      Object.assign(this, {
        [hook]: (_trainer: unknown, _module: unknown, ...args: unknown[]) => {
          trace.push(`Callback.${hook}${at >= 0 ? `(${String(args[at])})` : ''}`);
        },
      });
    }
    Object.assign(this, {
      onSaveCheckpoint: () => trace.push('Callback.onSaveCheckpoint'),
      onException: (_t: unknown, _m: unknown, error: Error) => trace.push(`Callback.onException(${error.name})`),
    });
  }
}

/** A module that records everything it is asked for, over one weight that falls a little at each step. */
export class RecordingModule extends Module {
  readonly w = parameter(tf.scalar(1));
  readonly trace: Trace;
  withScheduler = true;
  batches = { train: 2, val: 1, test: 1 };

  constructor(trace: Trace) {
    super();
    this.trace = trace;
    for (const hook of HOOK_NAMES) {
      const at = (HOOKS[hook] as readonly string[]).indexOf('batchIdx');
      if (hook in this) continue;
      Object.assign(this, {
        [hook]: (...args: unknown[]) => {
          trace.push(`${hook}${at >= 0 ? `(${String(args[at])})` : ''}`);
        },
      });
    }
  }

  override configureCallbacks(): Callback[] {
    this.trace.push('configureCallbacks');
    return [];
  }
  override prepareData(): void {
    this.trace.push('prepareData');
  }
  override configureModel(): void {
    this.trace.push('configureModel');
  }
  override configureOptimizers(): OptimizerConfig {
    this.trace.push('configureOptimizers');
    const optimizer = new SGD([this.w], { lr: 0.1 });
    return this.withScheduler ? { optimizer, lrScheduler: new StepLR(optimizer, { stepSize: 1 }) } : optimizer;
  }
  override trainDataloader(): tf.Tensor[] {
    this.trace.push('trainDataloader');
    return ones(this.batches.train);
  }
  override valDataloader(): tf.Tensor[] {
    this.trace.push('valDataloader');
    return ones(this.batches.val);
  }
  override testDataloader(): tf.Tensor[] {
    this.trace.push('testDataloader');
    return ones(this.batches.test);
  }
  override zeroGrad(): void {
    this.trace.push('zeroGrad');
    super.zeroGrad();
  }
  override train(mode = true): this {
    if (!mode) this.trace.push('train(false)');
    return super.train(mode);
  }
  override forward(x: tf.Tensor): tf.Tensor {
    this.trace.push('forward');
    return tf.mean(tf.mul(x, this.w.variable));
  }
  override trainingStep(batch: Batch, batchIdx: number): tf.Scalar | undefined | void {
    this.trace.push(`trainingStep(${batchIdx})`);
    return this.forward(batch as tf.Tensor) as tf.Scalar;
  }
  override validationStep(batch: Batch, batchIdx: number): unknown {
    this.trace.push(`validationStep(${batchIdx})`);
    return { x: this.forward(batch as tf.Tensor) };
  }
  override testStep(batch: Batch, batchIdx: number): unknown {
    this.trace.push(`testStep(${batchIdx})`);
    return { y: this.forward(batch as tf.Tensor) };
  }
  override onBeforeBatchTransfer(batch: Batch): Batch {
    this.trace.push('onBeforeBatchTransfer');
    return batch;
  }
  override transferBatchToDevice(batch: Batch): Batch {
    this.trace.push('transferBatchToDevice');
    return batch;
  }
  override onAfterBatchTransfer(batch: Batch): Batch {
    this.trace.push('onAfterBatchTransfer');
    return batch;
  }
  override optimizerZeroGrad(epoch: number, batchIdx: number, optimizer: SGD): void {
    this.trace.push(`optimizerZeroGrad(${epoch}, ${batchIdx})`);
    optimizer.zeroGrad();
  }
  override configureGradientClipping(): void {
    this.trace.push('configureGradientClipping');
  }
  override lrSchedulerStep(scheduler: LRScheduler, metric?: number): void {
    this.trace.push('lrSchedulerStep');
    scheduler.step(metric);
  }
  override onValidationModelZeroGrad(): void {
    this.trace.push('onValidationModelZeroGrad');
    this.zeroGrad();
  }
  override onValidationModelEval(): void {
    this.trace.push('onValidationModelEval');
    this.train(false);
  }
  override onTestModelEval(): void {
    this.trace.push('onTestModelEval');
    this.train(false);
  }
  override onSaveCheckpoint(): void {
    this.trace.push('onSaveCheckpoint');
  }
}

/** Batches of ones: `count` of them, as an array that is its own loader. */
export function ones(count: number): tf.Tensor[] {
  return Array.from({ length: count }, () => tf.ones([2]));
}
