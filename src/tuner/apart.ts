import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '../module/module.js';
import type { Run } from '../run/run.js';
import { plainFields, restoreFields } from '../tensors/plain.js';
import { retain } from '../tensors/share.js';
import { forkTrainer } from '../trainer/fork.js';
import type { DataInput } from '../trainer/data-connector.js';
import type { Trainer } from '../trainer/trainer.js';

/**
 * Trains a module for a trial, on a trainer of its own that logs, saves and prints nothing, and puts the module back as it was:
 * weights, buffers, gradients, modes, fields, what is frozen.
 */
export async function apart<T>(
  trainer: Trainer,
  model: Module,
  data: DataInput | undefined,
  maxSteps: number,
  trial: (run: Run) => Promise<T>,
): Promise<T> {
  const scout = forkTrainer(trainer, { silent: true });
  Object.assign(scout.limits, { maxEpochs: -1, minEpochs: 0, minSteps: 0, maxSteps, limitValBatches: 0 });
  scout.options.numSanityValSteps = 0;
  scout.printer = () => undefined;
  const run = scout.run(model, data, { history: { limitBytes: 0 }, guard: false });
  // The engine has started and the layers are built by then: from here on there is something to put back.
  await run.until('onFitStart');
  scout.callbacks.splice(0);
  const before = remember(model);
  try {
    return await trial(run);
  } finally {
    if (run.status === 'paused') await run.stop('the trial is over');
    scout.dispose();
    before.restore();
  }
}

function remember(model: Module) {
  const weights = model.stateDict();
  const parameters = model.parameters().map((parameter) => ({
    parameter,
    requiresGrad: parameter.requiresGrad,
    grad: parameter.grad && retain(parameter.grad),
  }));
  const fields = plainFields(model);
  return {
    restore(): void {
      model.loadStateDict(weights);
      tf.dispose(weights);
      restoreFields(model, fields);
      for (const { parameter, requiresGrad, grad } of parameters) {
        parameter.requiresGrad = requiresGrad;
        parameter.grad = grad;
      }
    },
  };
}
