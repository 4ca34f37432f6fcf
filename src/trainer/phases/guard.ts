import * as core from '@tensorflow/tfjs-core';
import { retain } from '../../tensors/share.js';
import { Halt } from '../halt.js';
import type { Session } from '../session.js';

/**
 * Sees to it that an update with gradients that are not finite is not taken over. Nothing is read here: an engine that
 * computes a step in one go goes on doing so.
 */
export function guardGradients(s: Session): void {
  const { guard, hands, parameters, module } = s;
  if (!guard?.active || hands.warned) return;
  s.releaseGuard();
  const gradients = parameters.flatMap(({ grad }) => grad ?? []);
  if (gradients.length === 0) return;
  const clips = module.configureGradientClipping !== undefined || s.trainer.limits.gradientClipVal !== undefined;
  hands.guarded = {
    check: core.tidy(() => core.keep(core.addN(gradients.map((each) => core.sum(core.mul(each, 0)))))),
    unclipped: new Map(clips ? parameters.flatMap((own) => (own.grad ? [[own, retain(own.grad)]] : [])) : []),
  };
}

/** Whether the gradients that were checked are finite. Reading it has the step computed. */
export function areFinite(check: core.Tensor): boolean {
  return !Number.isNaN(check.dataSync()[0]);
}

/** Asked when the step has been computed, and before anybody sees what it came to. */
export function checkGuard(s: Session): void {
  const { guard, hands } = s;
  if (!hands.guarded) return;
  const { check, unclipped } = hands.guarded;
  const finite = areFinite(check);
  if (!finite) for (const [parameter, gradient] of unclipped) parameter.grad = retain(gradient);
  s.releaseGuard();
  if (finite) return;
  // Whoever goes on without a change has been told.
  hands.warned = true;
  guard?.trip();
  throw new Halt('onBeforeOptimizerStep');
}
