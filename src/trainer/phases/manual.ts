import * as tf from '@tensorflow/tfjs-core';
import { gradientsSoFar, unrecorded } from '../../autograd/tape.js';
import { ConfigurationError, ContractError, describe, StrobeError } from '../../errors.js';
import { dispatch, open } from '../dispatch.js';
import type { HookName } from '../hooks.js';
import type { Session } from '../session.js';
import { addGradients, checkFinite } from './gradients.js';

/**
 * Manual optimization: `trainingStep` itself goes backward and steps the optimizers. The hooks around these are called from
 * inside the step, so they are synchronous, and no pause points.
 */
export function takeSteps(s: Session): void {
  for (const optimizer of s.optimizers) {
    optimizer.stepper = (which, apply) => {
      s.hands.optimizer = which;
      callNow(s, 'onBeforeOptimizerStep');
      unrecorded(apply);
      s.progress.globalStep += 1;
    };
  }
}

/** The gradients of a loss, added to those that the parameters have. */
export function manualBackward(s: Session, loss: tf.Scalar): void {
  if (s.module.automaticOptimization) throw automatic(s);
  if (!s.hands.stepping) throw outside();
  if (!(loss instanceof tf.Tensor) || loss.size !== 1 || loss.dtype !== 'float32') throw notALoss(loss);
  checkFinite(loss, s);
  s.hands.loss = loss;
  callNow(s, 'onBeforeBackward');
  addGradients(s, (variables) => gradientsSoFar(loss, variables));
  callNow(s, 'onAfterBackward');
}

function callNow(s: Session, hook: HookName): void {
  const result = unrecorded(() => dispatch(s, `manual/${hook}/${s.hands.manualCalls++}`, open(s, hook)));
  if (!(result instanceof Promise)) return;
  // Whatever it rejects with comes after the error that matters.
  result.catch(() => undefined);
  throw new ContractError(
    StrobeError.compose(`${hook} returned a promise during manual optimization.`, {
      expected: 'synchronous hooks: they are called from inside trainingStep, which cannot wait',
      received: 'a promise (is one of them declared async?)',
      hint: 'make the hook synchronous, or use onTrainBatchStart and onTrainBatchEnd, which may wait',
    }),
  );
}

/** What the trainer does only when it optimizes itself. */
export function refuseAutomaticOptions({ module, trainer, optimizers }: Session): void {
  const { gradientClipVal, accumulateGradBatches } = trainer.limits;
  if (gradientClipVal !== undefined) {
    throw contradiction(
      `gradientClipVal: ${gradientClipVal}`,
      'this.clipGradients(optimizer, { gradientClipVal }) before optimizer.step()',
    );
  }
  if (accumulateGradBatches !== 1) {
    throw contradiction(
      `accumulateGradBatches: ${accumulateGradBatches}`,
      'step the optimizer in every nth batch only: gradients add up until zeroGrad()',
    );
  }
  if (optimizers.length === 0) {
    trainer.warn(`${module.constructor.name} optimizes manually, and configureOptimizers() gives no optimizer.`);
  }
}

function contradiction(option: string, hint: string): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('A module that optimizes manually does this itself.', {
      expected: 'a trainer without this option',
      received: option,
      hint,
    }),
  );
}

function automatic(s: Session): ContractError {
  return new ContractError(
    StrobeError.compose(`${s.module.constructor.name} called manualBackward while the trainer optimizes.`, {
      expected: 'automaticOptimization = false, set in the constructor',
      received: 'automaticOptimization = true',
      hint: 'set it to false, or return the loss and leave the rest to the trainer',
    }),
  );
}

function outside(): ContractError {
  return new ContractError(
    StrobeError.compose('manualBackward was called outside trainingStep.', {
      expected: 'a call in trainingStep, where the forward pass is recorded',
      received: 'a call from somewhere else',
      hint: 'compute the loss and call manualBackward(loss) in the same trainingStep',
    }),
  );
}

function notALoss(received: unknown): ContractError {
  return new ContractError(
    StrobeError.compose('manualBackward got no usable loss.', {
      expected: 'a float32 scalar',
      received: describe(received),
      hint: received instanceof tf.Tensor ? 'reduce it, e.g. with tf.mean(loss)' : 'pass the loss tensor itself',
    }),
  );
}
