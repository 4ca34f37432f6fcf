import * as tf from '@tensorflow/tfjs-core';
import type { Callback, Run } from '../../src/index.js';
import type { CallbackView, ParameterView, RunRow, RunView } from '../store/state.js';
import { shortNumber } from '../../src/display/short-number.js';
import { fieldsOf } from './fields.js';
import { callbackOwner, namedCallbacks } from './owners.js';
import type { Recorder } from './recorder.js';
import { viewOfTensor } from './tensor-view.js';

/** Which parts are worth their cost: those that somebody looks at. */
export interface Attention {
  callbacks: boolean;
  parameters: boolean;
}

/** What a run looks like now. What nobody looks at stays as it was. */
export function viewOf(
  { run, rate, curves, gradients }: Recorder,
  disabled: readonly Callback[],
  before: RunView | undefined,
  { callbacks, parameters }: Attention,
): RunView {
  const { trainer, status, position } = run;
  const over = status !== 'paused' && status !== 'running';
  const batches = trainer.numTrainingBatches;
  const { maxEpochs } = trainer.limits;
  const validating = trainer.validating && !over;
  return {
    name: run.name,
    status,
    position,
    batches,
    maxEpochs,
    evaluationBatches: validating ? trainer.numEvaluationBatches[position.dataloaderIdx] : undefined,
    rate,
    secondsLeft: validating ? (before?.secondsLeft ?? NaN) : secondsLeft(run, batches, rate),
    learningRates: trainer.optimizers.map(({ lr }) => lr),
    residentBytes: process.memoryUsage.rss(),
    tensors: tf.memory().numTensors,
    history: run.history,
    curves,
    callbacks: callbacks || !before ? callbackViews(run, disabled) : before.callbacks,
    parameters: parameters ? parameterViews(run, gradients) : (before?.parameters ?? []),
    breakpoints: run.breakpoints.map(({ id, description, enabled, hits }) => ({ id, description, enabled, hits })),
    // Reading the journal compares every setting: that is for when the run stands.
    journal: status === 'running' ? (before?.journal ?? []) : run.journal,
  };
}

function secondsLeft({ trainer, position }: Run, batches: number, rate: number): number {
  const { maxEpochs, maxSteps, accumulateGradBatches } = trainer.limits;
  const done = position.epoch * batches + position.batchIdx;
  const byEpochs = maxEpochs === -1 ? Infinity : maxEpochs * batches - done;
  const bySteps = maxSteps === -1 ? Infinity : (maxSteps - position.globalStep) * accumulateGradBatches;
  const left = Math.min(byEpochs, bySteps);
  return rate > 0 && Number.isFinite(left) ? left / rate : NaN;
}

function callbackViews(run: Run, disabled: readonly Callback[]): CallbackView[] {
  return namedCallbacks(run, disabled).map(([name, callback]) => ({
    name,
    enabled: !disabled.includes(callback),
    fields: fieldsOf(callbackOwner(name, callback)),
  }));
}

function parameterViews(run: Run, gradients: Recorder['gradients']): ParameterView[] {
  return run.module.parameters().map(({ name, shape, requiresGrad, variable, grad }) => ({
    name,
    shape,
    frozen: !requiresGrad,
    value: viewOfTensor(variable.dataSync()),
    gradient: grad && run.status === 'paused' ? viewOfTensor(grad.dataSync()) : gradients[name],
  }));
}

/** A run in a row of the list of runs. */
export function rowOf({ name, status, position, trainer }: Run): RunRow {
  const metrics = Object.entries(trainer.loggedMetrics).filter(([metric]) => metric !== 'epoch');
  return {
    name,
    status,
    epoch: position.epoch,
    step: position.globalStep,
    metrics: metrics.map(([metric, value]) => `${metric} ${shortNumber(value)}`).join('  '),
  };
}
